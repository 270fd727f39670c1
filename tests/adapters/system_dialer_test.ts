import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runProcess } from "../../scripts/run_process.ts";
import { systemDialer } from "../../adapters/system.ts";
import { loopbackPeers } from "../../src/testing/mod.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";
import { WatchedSignal } from "../../src/testing/watched_signal.ts";
import { childCommand } from "../children/child_command.ts";
import { runtime } from "../runtime.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Failed {
  code: string;
  reason: string;
  cause: string;
}

/** What comes of three dials in a process of its own, which may open 256 files. */
async function firstDials(file: string, when: string): Promise<("dialed" | Failed)[]> {
  const listener = await loopbackPeers().listen("tcp");
  try {
    const limited = ["sh", "-c", 'ulimit -n 256 && exec "$@"', "sh"];
    const command = childCommand("first_dial.ts", file, listener.address, when);
    const run = await runProcess([...limited, ...command], { limitMs: 30_000, output: "collect" });
    assert.equal(run.code, 0, run.output);
    return JSON.parse(run.output.trim().split("\n").pop()!);
  } finally {
    await listener.close();
  }
}

/** What comes of them where loading an adapter runs `code`. */
async function firstDialsWith(code: string): Promise<("dialed" | Failed)[]> {
  const copy = mkdtempSync(join(tmpdir(), "anydial-"));
  try {
    cpSync(join(root, "src"), join(copy, "src"), { recursive: true });
    cpSync(join(root, "adapters/system.ts"), join(copy, "adapters/system.ts"));
    for (const adapter of ["node", "deno", "bun"]) {
      mkdirSync(join(copy, "adapters", adapter));
      writeFileSync(join(copy, "adapters", adapter, `${adapter}_dialer.ts`), code);
    }
    writeFileSync(join(copy, "package.json"), '{ "type": "module" }');
    return await firstDials(join(copy, "adapters/system.ts"), "");
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function assertFailed(outcomes: ("dialed" | Failed)[], code: string, reason: RegExp): void {
  for (const outcome of outcomes) {
    const { reason: why, cause: _cause, ...rest } = outcome as Failed;
    const report = { kind: "dial", outcome: "failed" };
    assert.deepEqual(rest, { name: "DialError", code, phase: "connect", report });
    assert.match(why, reason);
  }
}

// Deno cannot show it: 2.9.5 panics when it has to load a module without a descriptor left.
if (runtime !== "deno") {
  test("a first dial without descriptors is EMFILE, and a later one loads again", async () => {
    const file = join(root, "adapters/system.ts");
    const [first, second, third] = await firstDials(file, "without descriptors");
    assertFailed([first!, second!], "EMFILE", /adapter .* cannot be loaded: too many open files$/);
    assert.match((first as Failed).cause, /adapters/);
    assert.equal(third, "dialed");
  });
}

test("an adapter that cannot be loaded is ERR_DIAL_FAILED, and why is its cause", async () => {
  const outcomes = await firstDialsWith('throw new Error("out of order");');
  assert.equal(outcomes.length, 3);
  assertFailed(outcomes, "ERR_DIAL_FAILED", /cannot be loaded: out of order$/);
  assert.match((outcomes[0] as Failed).cause, /out of order/);
});

test("an adapter that cannot be loaded is EMFILE where no descriptor is left", async () => {
  const [first] = await firstDialsWith(`
    import { openSync } from "node:fs";
    try {
      for (;;) openSync("/dev/null", "r");
    } catch {}
    throw new Error("out of order");
  `);
  assertFailed([first!], "EMFILE", /cannot be loaded: too many open files$/);
});

test("an abort while the adapter loads is the reason itself, and nothing is dialed", async () => {
  const listener = await loopbackPeers().listen("tcp");
  try {
    const dialer = systemDialer();
    const watched = new WatchedSignal();
    const dial = dialer.dialContext("tcp", listener.address, { signal: watched.signal });
    watched.abort(null);
    assert.equal(await rejectionOf(dial), null);
    assert.equal(watched.listeners, 0);
    // By now the adapter is there, and the dial after it is the only one that is seen.
    (await dialer.dialContext("tcp", listener.address)).close();
    (await listener.accept()).close();
    assert.equal(listener.seen, 1);
  } finally {
    await listener.close();
  }
});

test("a first dial checks its options as every other does", async () => {
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  for (const dialer of [systemDialer(), await loadedDialer()]) {
    assert.equal(String(dialer), "system");
    const dial = (options: object) =>
      rejectionOf(dialer.dialContext("tcp", "127.0.0.1:1", options));
    assert.equal(await dial({ signal }), reason);
    for (const bad of [{ signal: {} }, { signal: 5 }, { onEvent: "x" }]) {
      const error = await dial(bad);
      assert.ok(error instanceof TypeError, String(error));
      assert.match(error.message, new RegExp(`^${Object.keys(bad)[0]} must be`));
    }
    const throwing = {
      get signal(): AbortSignal {
        throw reason;
      },
    };
    assert.equal(await dial(throwing), reason);
  }
});

async function loadedDialer() {
  const dialer = systemDialer();
  await dialer.dialContext("tcp", "127.0.0.1:1").catch(() => {});
  return dialer;
}

test("the report of a first dial is like that of any other, and so are its events", async () => {
  const listener = await loopbackPeers().listen("tcp");
  try {
    const dialer = systemDialer();
    const trees: unknown[] = [];
    for (let round = 0; round < 2; round++) {
      const events: string[] = [];
      const conn = await dialer.dialContext("tcp", listener.address, {
        onEvent: ({ type }) => events.push(type),
      });
      const { kind, label, children } = conn.report;
      trees.push([events, kind, label, children.map(({ kind, label }) => [kind, label])]);
      conn.close();
    }
    assert.deepEqual(trees[0], trees[1]);
  } finally {
    await listener.close();
  }
});
