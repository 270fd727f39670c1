import assert from "node:assert/strict";
import { test } from "node:test";
import { systemDialer } from "../../mod.ts";
import { dialOnce } from "../../src/cli/commands/dial_once.ts";
import { parseTarget } from "../../src/cli/target.ts";

/** A dialer whose lookups find nothing, and never end for IPv6. */
const lookingUp = systemDialer({
  resolver: {
    lookup: (_, { family }) => family === 4 ? Promise.resolve([]) : new Promise(() => {}),
  },
});

test("dialOnce() reports what was done and what was open when the user interrupted", async () => {
  const controller = new AbortController();
  const target = parseTarget("/dns/peer.example/tcp/4001");
  const setup = { dialer: lookingUp, timeoutMs: undefined };
  const dial = dialOnce(target, setup, controller.signal);
  await new Promise((resolve) => setTimeout(resolve, 50));
  controller.abort();
  const { outcome, report } = await dial;
  assert.equal(outcome, "aborted");
  assert.deepEqual([report.label, report.outcome], ["/dns/peer.example/tcp/4001", "aborted"]);
  const [dialNode] = report.children;
  assert.deepEqual([dialNode!.kind, dialNode!.label], ["dial", "tcp peer.example:4001"]);
  assert.deepEqual(dialNode!.children.map(({ label, outcome }) => [label, outcome]), [
    ["peer.example IPv6", "aborted"],
    ["peer.example IPv4", "failed"],
  ]);
});

test("dialOnce() makes the time limit a failure that has the report", async () => {
  const target = parseTarget("peer.example:4001");
  const setup = { dialer: lookingUp, timeoutMs: 50 };
  const result = await dialOnce(target, setup, new AbortController().signal);
  assert.ok(result.outcome === "failed");
  const { code, phase, message, report } = result.error;
  assert.deepEqual([code, phase], ["ETIMEDOUT", "resolve"]);
  const waiting = 'timed out after 50 ms looking up "peer.example"';
  assert.equal(message, `Cannot dial tcp peer.example:4001: ${waiting}`);
  assert.equal(result.report, report);
  assert.ok(report.durationMs >= 45);
  assert.deepEqual(report.children.map(({ outcome, error }) => [outcome, error?.code]), [
    ["failed", "ETIMEDOUT"],
    ["failed", "ENOTFOUND"],
  ]);
});

test("dialOnce() dials nothing when the user has interrupted already", async () => {
  const dialer = { dialContext: () => assert.fail("it was dialed") };
  const target = parseTarget("127.0.0.1:1");
  const result = await dialOnce(target, { dialer, timeoutMs: undefined }, AbortSignal.abort());
  assert.equal(result.outcome, "aborted");
});
