import assert from "node:assert/strict";
import { test } from "node:test";
import type { DialEvent } from "../../src/core/dial_event.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";
import { WatchedSignal } from "../../src/testing/watched_signal.ts";
import { settle } from "../fakes/virtual_clock.ts";
import { FakeConn } from "../fakes/fake_connector.ts";
import { both, failureOf, Trial } from "./net_dial_trial.ts";

const literal = "192.0.2.1:9";
const name = "peer.test:9";
const refused = { code: "ECONNREFUSED" } as const;

/** Aborts at the first event of a type. */
function abortAt(type: DialEvent["type"]): {
  signal: AbortSignal;
  onEvent: (event: DialEvent) => void;
} {
  const controller = new AbortController();
  const onEvent = (event: DialEvent) => event.type === type && controller.abort("enough");
  return { signal: controller.signal, onEvent };
}

/** The same with attempts that overlap, and one at a time with a share of the limit each. */
function delays<Case extends unknown[]>(each: Case): [...Case, number | false][] {
  return [250, false as const].map((attemptDelayMs) => [...each, attemptDelayMs]);
}

for (const [what, address] of [["a literal", literal], ["a name", name]] as const) {
  test(`a dial of ${what} leaves no timer, listener or attempt, however it ends`, async () => {
    const ends: [how: string, end: (trial: Trial, watched: WatchedSignal) => unknown][] = [
      ["success", ({ connector }) => connector.attempts[0]!.succeed()],
      ["failure", async ({ connector }) => {
        for (const attempt of connector.attempts) {
          attempt.fail(refused);
          await settle();
        }
      }],
      ["abort", (_, watched) => watched.abort("enough")],
      ["limit", ({ clock }) => clock.pass(20_000)],
    ];
    for (const [how, end, attemptDelayMs] of ends.flatMap((end) => delays(end))) {
      const trial = new Trial({ timeoutMs: 20_000, attemptDelayMs }, both);
      const watched = new WatchedSignal();
      const dial = trial.dial(address, { signal: watched.signal });
      await settle();
      assert.ok(trial.clock.pending > 0 && watched.listeners > 0);
      await end(trial, watched);
      const outcome = await dial.then(() => "success", (error) => error?.code ?? error);
      const expected = { success: "success", failure: "ECONNREFUSED", abort: "enough" };
      assert.equal(outcome, expected[how as "abort"] ?? "ETIMEDOUT");
      assert.equal(trial.clock.pending, 0, `a timer is left after ${how}`);
      assert.equal(watched.listeners, 0, `a listener is left after ${how}`);
      const { attempts } = trial.connector;
      const gone = how === "abort" || how === "limit";
      assert.ok(!gone || attempts.every(({ cancelled }) => cancelled), `pending after ${how}`);
      const { length } = attempts;
      await trial.clock.pass(60_000);
      assert.equal(attempts.length, length, "nothing begins any more");
    }
  });

  test(`a dial of ${what} that a listener aborts goes no further`, async () => {
    for (const type of ["dial-start", "attempt-start"] as const) {
      const trial = new Trial({}, both);
      const dial = trial.dial(address, abortAt(type));
      await settle();
      assert.equal(await rejectionOf(dial), "enough");
      assert.equal(trial.connector.attempts.length, 0, type);
      assert.equal(trial.clock.pending, 0);
    }
    for (const succeeds of [true, false]) {
      const trial = new Trial({}, both);
      const dial = trial.dial(address, abortAt("attempt-end"));
      await settle();
      const [attempt] = trial.connector.attempts;
      if (succeeds) attempt!.succeed();
      else attempt!.fail(refused);
      assert.equal(await rejectionOf(dial), "enough");
      await settle();
      assert.equal(attempt!.conn.destroyed, succeeds);
      assert.equal(trial.connector.attempts.length, 1, "no other address is tried");
    }
  });

  test(`a socket of a dial of ${what} that opens late is closed`, async () => {
    const trial = new Trial({}, both);
    const controller = new AbortController();
    const dial = trial.dial(address, { signal: controller.signal });
    await settle();
    controller.abort("enough");
    assert.equal(await rejectionOf(dial), "enough");
    const [attempt] = trial.connector.attempts;
    attempt!.succeed();
    await settle();
    assert.equal(attempt!.conn.destroyed, true);
  });

  test(`a connection with itself is closed in a dial of ${what}`, async () => {
    const trial = new Trial({}, { 4: ["192.0.2.4"], 6: [] });
    const dial = trial.dial(address);
    await settle();
    const [attempt] = trial.connector.attempts;
    const { conn: { remoteAddr } } = attempt!;
    attempt!.conn = new FakeConn(remoteAddr, remoteAddr);
    attempt!.succeed();
    assert.equal((await failureOf(dial)).code, "ECONNREFUSED");
    assert.equal(attempt!.conn.destroyed, true);
  });
}

test("of two attempts that connect at once the second is closed, and lost", async () => {
  const trial = new Trial({}, both);
  const dial = trial.dial(name);
  await trial.clock.pass(250);
  const [first, second] = trial.connector.attempts;
  first!.succeed();
  second!.succeed();
  const conn = await dial;
  assert.equal(conn, first!.conn);
  assert.deepEqual([first!.conn.destroyed, second!.conn.destroyed], [false, true]);
  const attempts = conn.report.children.filter(({ kind }) => kind === "attempt");
  assert.deepEqual(attempts.map(({ outcome }) => outcome), ["ok", "lost"]);
  assert.equal(trial.clock.pending, 0);
});

test("a lookup that ends when the dial is over starts nothing", async () => {
  let answer: (addresses: string[]) => void = () => {};
  const signals: AbortSignal[] = [];
  const resolver = {
    lookup: (_host: string, { family, signal }: { family: 4 | 6; signal?: AbortSignal }) => {
      signals.push(signal!);
      if (family === 6) return Promise.resolve(["2001:db8::6"]);
      return new Promise<string[]>((resolve) => answer = resolve);
    },
  };
  const trial = new Trial({ resolver });
  const dial = trial.dial(name);
  await settle();
  trial.connector.attempts[0]!.succeed();
  await dial;
  assert.ok(signals.every(({ aborted }) => aborted), "the resolver is told");
  const told = trial.events.length;
  answer(["192.0.2.4"]);
  await trial.clock.pass(10_000);
  assert.equal(trial.connector.attempts.length, 1);
  assert.equal(trial.events.length, told);
  assert.equal(trial.clock.pending, 0);
});
