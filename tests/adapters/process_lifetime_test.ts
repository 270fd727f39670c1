import assert from "node:assert/strict";
import { test } from "node:test";
import { runProcess, type RunResult } from "../../scripts/run_process.ts";
import { loopbackPeers } from "../../src/testing/mod.ts";
import { readEach } from "../../src/testing/read_all.ts";
import type { PeerConn } from "../../adapters/loopback/peers.ts";
import { childCommand } from "../children/child_command.ts";

/** How long a process that should be over by itself may still take. */
const limitMs = 20_000;
/** How long a process is watched that should stay: nothing happens that could be waited for. */
const stayMs = 300;

const ends: [what: string, output: string[]][] = [
  ["idle", ["done"]],
  ["idle after a read", ["done"]],
  ["idle with unread data", ["done"]],
  ["pending read, unref", ["done"]],
  ["unref, pending read", ["done"]],
  ["closed", ["done", "rejected"]],
];

const stays: [what: string, output: string[]][] = [
  ["pending read", ["done", "read"]],
  ["unref, pending read, ref", ["done", "read"]],
  ["pending write", ["done", "written"]],
];

async function runChild(
  dialer: string,
  what: string,
  serve: (peer: PeerConn) => Promise<void>,
): Promise<RunResult> {
  const listener = await loopbackPeers().listen("tcp");
  const command = childCommand("hold_conn.ts", dialer, listener.address, what);
  try {
    const run = runProcess(command, { limitMs, output: "collect" });
    const served = listener.accept().then(serve).catch(() => {});
    const result = await run;
    await served;
    return result;
  } finally {
    await listener.close();
  }
}

for (const dialer of ["systemDialer()", "nodeDialer()"]) {
  for (const [what, output] of ends) {
    test(`${dialer}: a process whose connection is "${what}" ends by itself`, async () => {
      const run = await runChild(dialer, what, async (peer) => {
        // The peer itself never ends.
        await peer.read(new Uint8Array(16));
        await peer.write(new Uint8Array(what === "idle with unread data" ? 500_000 : 16));
      });
      assert.equal(run.timedOut, false, "the connection keeps the process alive");
      assert.equal(run.code, 0, run.output);
      assert.deepEqual(run.output.trim().split("\n"), output);
    });
  }
  for (const [what, output] of stays) {
    test(`${dialer}: a process whose connection is "${what}" stays until that is over`, async () => {
      const run = await runChild(dialer, what, async (peer) => {
        await new Promise((resolve) => setTimeout(resolve, stayMs));
        await peer.write(new Uint8Array(1));
        await readEach(peer, () => {});
      });
      assert.equal(run.code, 0, run.output);
      assert.deepEqual(run.output.trim().split("\n"), output);
    });
  }
}
