import assert from "node:assert/strict";
import { test } from "node:test";
import { runProcess } from "../../scripts/run_process.ts";

// Both end long before they would by themselves, and their output only ends with the last process
// that holds it.
const limits = { limitMs: 60_000, output: "collect" as const };

test("runProcess() returns the exit code and both outputs", async () => {
  const run = await runProcess(["sh", "-c", "echo out; echo err >&2; exit 3"], limits);
  assert.equal(run.code, 3);
  assert.equal(run.timedOut, false);
  assert.deepEqual(run.output.trim().split("\n").sort(), ["err", "out"]);
});

test("runProcess() kills what takes too long, and all that it started", async () => {
  const command = ["sh", "-c", "sleep 50 & sleep 50"];
  const run = await runProcess(command, { ...limits, limitMs: 100 });
  assert.equal(run.timedOut, true);
  assert.equal(run.code, 137);
  assert.ok(run.ms < 40_000);
});

test("runProcess() kills what outlives the command", async () => {
  const run = await runProcess(["sh", "-c", "sleep 50 & exit 0"], limits);
  assert.equal(run.timedOut, false);
  assert.equal(run.code, 0);
  assert.ok(run.ms < 40_000);
});

test("runProcess() rejects when there is no such command", async () => {
  await assert.rejects(runProcess(["no-such-command-here"], limits), { code: "ENOENT" });
});
