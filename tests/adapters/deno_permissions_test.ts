import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runtimeBinary } from "../../scripts/runtimes.ts";
import { loopbackPeers } from "../../src/testing/mod.ts";

const script = fileURLToPath(new URL("../children/dial_once.ts", import.meta.url));

interface Outcome {
  remoteAddr?: unknown;
  code?: string;
  phase?: string;
  message?: string;
  report: { children: { kind: string; outcome: string; detail?: string }[] };
}

/** Dials once in a Deno process that has just the permissions given; the tests themselves may run on any runtime. */
async function dialWith(
  flags: string[],
  network: string,
  address: string,
  options: object = {},
): Promise<Outcome> {
  const args = ["run", "--no-prompt", "--no-check", ...flags, script];
  const child = spawn(
    runtimeBinary("deno"),
    [...args, network, address, JSON.stringify(options)],
    { stdio: ["ignore", "pipe", "inherit"], timeout: 20_000 },
  );
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => output += text);
  const [code] = await once(child, "close");
  assert.equal(code, 0);
  return JSON.parse(output);
}

/** The peer that is dialed where a permission lets it be. */
async function withPeer(use: (port: string) => Promise<void>): Promise<void> {
  const listener = await loopbackPeers().listen("tcp");
  try {
    await use(listener.address.split(":")[1]!);
  } finally {
    await listener.close();
  }
}

test("Deno without --allow-net: an address is EACCES", async () => {
  const { code, phase, message } = await dialWith([], "tcp", "127.0.0.1:9");
  assert.deepEqual([code, phase], ["EACCES", "connect"]);
  assert.equal(message, 'Cannot dial tcp 127.0.0.1:9: Requires net access to "127.0.0.1:9"');
});

test("Deno without --allow-net: a name is EACCES", async () => {
  const { code, message } = await dialWith([], "tcp", "peer.test:9");
  assert.equal(code, "EACCES");
  assert.equal(message, 'Cannot dial tcp peer.test:9: Requires net access to "peer.test:9"');
});

test("Deno's node:net without --allow-net: an address is EACCES, too", async () => {
  // A keep-alive time is what Deno's own connections cannot have.
  for (const address of ["127.0.0.1:9", "localhost:9"]) {
    const { code, phase, message } = await dialWith([], "tcp", address, { keepAlive: 5_000 });
    assert.deepEqual([code, phase], ["EACCES", "connect"]);
    assert.match(message!, /Requires net access to "127\.0\.0\.1:9"$/);
  }
});

test("Deno without --allow-read: a unix path is EACCES", async () => {
  const { code } = await dialWith([], "unix", loopbackPeers().missingPath);
  assert.equal(code, "EACCES");
});

test("Deno with --allow-net for an address connects to that one alone", async () => {
  await withPeer(async (port) => {
    const flags = [`--allow-net=127.0.0.1:${port}`];
    const { remoteAddr } = await dialWith(flags, "tcp", `127.0.0.1:${port}`);
    assert.deepEqual(remoteAddr, { transport: "tcp", hostname: "127.0.0.1", port: Number(port) });
    assert.equal((await dialWith(flags, "tcp", "127.0.0.1:9")).code, "EACCES");
  });
});

test("Deno with --allow-net for a name connects by that name, and the report says so", async () => {
  await withPeer(async (port) => {
    const flags = [`--allow-net=localhost:${port}`];
    const { remoteAddr, report } = await dialWith(flags, "tcp", `localhost:${port}`);
    assert.deepEqual(remoteAddr, { transport: "tcp", hostname: "127.0.0.1", port: Number(port) });
    const attempt = report.children.at(-1)!;
    assert.deepEqual([attempt.kind, attempt.outcome], ["attempt", "ok"]);
    assert.match(attempt.detail!, /^by name/);
    assert.equal((await dialWith(flags, "tcp", "localhost:9")).code, "EACCES");
    assert.equal((await dialWith(flags, "tcp", `127.0.0.1:${port}`)).code, "EACCES");
  });
});

test("Deno with --allow-net for a name: tcp4 and tcp6 of it are EACCES", async () => {
  for (const network of ["tcp4", "tcp6"]) {
    const { code, phase } = await dialWith(["--allow-net=peer.test:9"], network, "peer.test:9");
    assert.deepEqual([code, phase], ["EACCES", "resolve"]);
  }
});

test("Deno without a permission for the local address: EACCES, and no uncaught error", async () => {
  const flags = ["--allow-net=127.0.0.1:9"];
  for (const options of [{ localAddress: "192.0.2.1" }, { localPort: 9 }]) {
    const { code, message } = await dialWith(flags, "tcp", "127.0.0.1:9", options);
    assert.equal(code, "EACCES");
    assert.match(message!, /Requires net access to "(192\.0\.2\.1:0|0\.0\.0\.0:9)"$/);
  }
  const granted = ["--allow-net=127.0.0.1:9,192.0.2.1:7000"];
  const local = { localAddress: "192.0.2.1", localPort: 7000 };
  const { code } = await dialWith(granted, "tcp", "127.0.0.1:9", local);
  assert.equal(code, "EADDRNOTAVAIL");
});

test("Deno without --allow-sys: a zone that is not there fails all the same", async () => {
  const { code } = await dialWith(["--allow-net"], "tcp", "[fe80::1%nope]:9");
  assert.ok(code !== undefined);
});
