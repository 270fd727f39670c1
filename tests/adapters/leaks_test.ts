import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { runProcess } from "../../scripts/run_process.ts";
import { loopbackPeers } from "../../src/testing/mod.ts";
import { childCommand } from "../children/child_command.ts";
import { runtime } from "../runtime.ts";

interface Open {
  descriptors: number;
  timers: number;
  resources: string;
}

interface Result {
  before: Open;
  after: Open;
  listeners: number;
  outcomes: { dialed: number; aborted: number; other: number };
}

const skip = existsSync("/proc/self/fd") ? false : "descriptors are counted in /proc, of Linux";
/** On Bun connects that were given up may be pending, but never more than these. */
const most = runtime === "bun" ? 16 : 0;

async function abortDials(dialer: string, count: number, addresses: string[]): Promise<Result> {
  const seed = String(Math.floor(Math.random() * 2 ** 32));
  const command = childCommand("abort_dials.ts", dialer, String(count), seed, ...addresses);
  const run = await runProcess(command, { limitMs: 60_000, output: "collect" });
  console.log(`${dialer} with seed ${seed} in ${Math.round(run.ms)} ms: ${run.output.trim()}`);
  assert.equal(run.timedOut, false, "the process does not end by itself");
  assert.equal(run.code, 0);
  const result: Result = JSON.parse(run.output);
  const { before, after, outcomes } = result;
  assert.equal(outcomes.dialed + outcomes.aborted, count, "no dial failed otherwise");
  assert.ok(outcomes.aborted > 0);
  const left = after.descriptors - before.descriptors;
  assert.ok(left <= most, `${left} descriptors are left with seed ${seed}`);
  assert.equal(after.resources, before.resources, `with seed ${seed}`);
  assert.equal(after.timers, 0, `with seed ${seed}`);
  assert.equal(result.listeners, 0, `with seed ${seed}`);
  return result;
}

for (const dialer of ["systemDialer()", "nodeDialer()"]) {
  test(
    `${dialer}: 1,000 dials aborted at random moments leave nothing behind`,
    { skip },
    async () => {
      const listener = await loopbackPeers().listen("tcp");
      const port = listener.address.split(":")[1];
      try {
        const { outcomes } = await abortDials(dialer, 1_000, [
          listener.address,
          `localhost:${port}`,
        ]);
        assert.ok(outcomes.dialed > 0, "some are aborted too late");
      } finally {
        await listener.close();
      }
    },
  );

  test(
    `${dialer}: 500 dials aborted against a black hole leave nothing behind`,
    { skip },
    async () => {
      const silent = await loopbackPeers().silent();
      const port = silent.address.split(":")[1];
      try {
        const { outcomes } = await abortDials(dialer, 500, [silent.address, `localhost:${port}`]);
        assert.equal(outcomes.dialed, 0);
      } finally {
        await silent.close();
      }
    },
  );
}
