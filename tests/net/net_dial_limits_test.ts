import assert from "node:assert/strict";
import { test } from "node:test";
import type { DialOptions } from "../../src/core/dialer.ts";
import { abortAtEvents } from "../../src/testing/abort_at_events.ts";
import { reportFromEvents } from "../../src/testing/event_tree.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";
import { WatchedSignal } from "../../src/testing/watched_signal.ts";
import { settle } from "../fakes/virtual_clock.ts";
import { both, failureOf, Trial } from "./net_dial_trial.ts";

for (
  const [phase, answers, addresses, message] of [
    ["resolve", {}, 0, /: timed out after 1000 ms looking up "peer\.test"$/],
    ["connect", both, 2, /: timed out after 1000 ms connecting to 192\.0\.2\.4:9$/],
  ] as const
) {
  test(`timeoutMs ends a dial in the phase "${phase}" with a DialError`, async () => {
    const trial = new Trial({ timeoutMs: 1_000 }, answers);
    const watched = new WatchedSignal();
    const dial = trial.dial("peer.test:9", { signal: watched.signal });
    await trial.clock.pass(999);
    assert.equal(trial.connector.attempts.length, addresses);
    await trial.clock.pass(1);
    const error = await failureOf(dial);
    assert.deepEqual([error.code, error.phase], ["ETIMEDOUT", phase]);
    assert.equal((error.cause as Error).name, "TimeoutError");
    assert.match(error.message, message);
    assert.ok(trial.connector.attempts.every(({ cancelled }) => cancelled));
    assert.deepEqual([trial.clock.pending, watched.listeners], [0, 0]);
    assert.equal(reportFromEvents(trial.events).error?.code, "ETIMEDOUT");
  });
}

test("an abort in the lookup and one in the attempts give the reason and release all", async () => {
  for (const answers of [{}, both]) {
    const trial = new Trial({ timeoutMs: 60_000 }, answers);
    const watched = new WatchedSignal();
    const dial = trial.dial("peer.test:9", { signal: watched.signal });
    await trial.clock.pass(300);
    const reason = { any: "thing" };
    watched.abort(reason);
    assert.equal(await rejectionOf(dial), reason);
    assert.ok(trial.connector.attempts.every(({ cancelled }) => cancelled));
    assert.deepEqual([trial.clock.pending, watched.listeners], [0, 0]);
    assert.equal(reportFromEvents(trial.events).error?.code, "ABORT_ERR");
  }
});

test("an abort from within any event leaves nothing behind", async () => {
  const kinds = new Set<string>();
  let trial: Trial;
  const dial = async (options: DialOptions) => {
    trial = new Trial({ timeoutMs: 60_000 }, both);
    const dial = trial.dial("peer.test:9", options);
    await trial.clock.pass(250);
    const [six, four] = trial.connector.attempts;
    if (six?.cancelled === false) six.fail({ code: "ECONNREFUSED" });
    if (four?.cancelled === false) four.succeed();
    return await dial;
  };
  await abortAtEvents(dial, ({ at, reason, events, ended, outcome }) => {
    kinds.add(events[at - 1]!.type);
    if (!ended) {
      assert.equal(outcome, reason);
      const [, four] = trial.connector.attempts;
      assert.ok(four === undefined || four.cancelled || four.conn.destroyed);
    }
    reportFromEvents(events);
    assert.equal(trial.clock.pending, 0, `at event ${at}`);
  });
  assert.deepEqual(
    kinds,
    new Set(["dial-start", "lookup-start", "lookup-end", "attempt-start"]
      .concat("attempt-end", "dial-end")),
  );
});

test("in strict order each address gets an equal share of the time left, at least 2 s", async () => {
  const trial = new Trial({ attemptDelayMs: false, timeoutMs: 9_000 }, {
    6: ["2001:db8::6", "2001:db8::7"],
    4: ["192.0.2.4", "192.0.2.5"],
  });
  const dial = trial.dial("peer.test:9");
  await settle();
  const started = [...trial.connector.addresses];
  for (const share of [2_250, 2_250, 2_250]) {
    await trial.clock.pass(share - 1);
    assert.equal(trial.connector.attempts.length, started.length);
    await trial.clock.pass(1);
    assert.equal(trial.connector.attempts.length, started.push("next"));
    assert.ok(trial.connector.attempts.at(-2)!.cancelled);
  }
  // The last one has all the time there is.
  await trial.clock.pass(2_250);
  const error = await failureOf(dial);
  assert.deepEqual([error.code, error.errors?.length], ["ETIMEDOUT", 3]);
  assert.match(error.errors![0]!.message, /timed out after 2250 ms, its share of the time$/);
  assert.equal(trial.clock.pending, 0);
});

test("a share is never less than 2 s, so that later addresses may go without", async () => {
  const trial = new Trial({ attemptDelayMs: false, timeoutMs: 3_000 }, {
    6: ["2001:db8::6", "2001:db8::7", "2001:db8::8"],
    4: [],
  });
  const dial = trial.dial("peer.test:9");
  await trial.clock.pass(1_999);
  assert.equal(trial.connector.attempts.length, 1);
  await trial.clock.pass(1);
  assert.equal(trial.connector.attempts.length, 2);
  await trial.clock.pass(1_000);
  assert.equal((await failureOf(dial)).code, "ETIMEDOUT");
  assert.equal(trial.connector.attempts.length, 2);
});

test("in strict order without a limit an attempt has all the time it wants", async () => {
  const trial = new Trial({ attemptDelayMs: false }, both);
  trial.dial("peer.test:9");
  await trial.clock.pass(3_600_000);
  assert.deepEqual(trial.connector.addresses, ["[2001:db8::6]:9"]);
});
