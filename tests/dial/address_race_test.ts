import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AddressRace } from "../../src/dial/address_race.ts";
import type { IpFamily } from "../../src/ip/ip_literal.ts";
import { VirtualClock } from "../fakes/virtual_clock.ts";

interface Options {
  attemptDelayMs?: number | false;
  resolutionDelayMs?: number;
  preferFamily?: IpFamily;
  expect?: IpFamily[];
}

/** A race in virtual time, with a log of what it started and when. */
class Trial {
  readonly clock = new VirtualClock();
  readonly log: string[] = [];
  readonly lefts: number[] = [];
  exhausted = 0;
  readonly race: AddressRace;

  constructor(options: Options = {}) {
    const { attemptDelayMs = 250, resolutionDelayMs = 50, preferFamily = 6 } = options;
    this.race = new AddressRace({
      attemptDelayMs,
      resolutionDelayMs,
      preferFamily,
      clock: this.clock,
      attempt: (address, _family, left) => {
        this.log.push(`${this.clock.now()} ${address}`);
        this.lefts.push(left);
      },
      exhausted: () => this.exhausted++,
    });
    this.race.expect((options.expect ?? [6, 4]).length);
  }

  /** The log so far, after some more time. */
  after(ms: number): string[] {
    this.clock.advance(ms);
    return this.log;
  }
}

test("RFC 8305 §3: with the preferred family there, the other is not waited for", () => {
  const { race, log } = new Trial();
  race.answer(6, ["six"]);
  assert.deepEqual(log, ["0 six"]);
});

test("RFC 8305 §3: the other family waits 50 ms for the preferred one", () => {
  const trial = new Trial();
  trial.race.answer(4, ["four"]);
  assert.deepEqual(trial.after(49), []);
  assert.deepEqual(trial.after(1), ["50 four"]);
});

test("RFC 8305 §3: an answer within the resolution delay goes first", () => {
  const trial = new Trial();
  trial.race.answer(4, ["four"]);
  trial.clock.advance(30);
  trial.race.answer(6, ["six"]);
  assert.deepEqual(trial.after(300), ["30 six", "280 four"]);
});

test("RFC 8305 §3: the wait ends at once when the preferred family has no address", () => {
  const trial = new Trial();
  trial.race.answer(4, ["four"]);
  trial.clock.advance(10);
  trial.race.answer(6, []);
  assert.deepEqual(trial.log, ["10 four"]);
});

test("RFC 8305 §3: when only one family is looked up there is nothing to wait for", () => {
  const trial = new Trial({ expect: [4] });
  trial.race.answer(4, ["four"]);
  assert.deepEqual(trial.log, ["0 four"]);
  assert.equal(trial.clock.pending, 0);
});

test("RFC 8305 §3: a late answer joins in, and its family has the next turn", () => {
  const trial = new Trial();
  trial.race.answer(4, ["a", "b", "c"]);
  trial.clock.advance(200);
  trial.race.answer(6, ["six"]);
  assert.deepEqual(trial.after(1_000), ["50 a", "300 six", "550 b", "800 c"]);
});

test("a late answer starts at once when its turn has come already", () => {
  const trial = new Trial();
  trial.race.answer(4, ["a"]);
  trial.clock.advance(400);
  assert.deepEqual(trial.log, ["50 a"]);
  trial.race.answer(6, ["six", "seven"]);
  assert.deepEqual(trial.after(250), ["50 a", "400 six", "650 seven"]);
});

test("RFC 8305 §4: the families take turns, each in the resolver's order", () => {
  const trial = new Trial();
  trial.race.answer(4, ["v", "w"]);
  trial.race.answer(6, ["a", "b", "c", "d"]);
  const order = trial.after(5_000).map((line) => line.split(" ")[1]);
  assert.deepEqual(order, ["a", "v", "b", "w", "c", "d"]);
});

test("RFC 8305 §4: preferFamily 4 begins with IPv4 and waits for it", () => {
  const trial = new Trial({ preferFamily: 4 });
  trial.race.answer(6, ["a", "b"]);
  trial.clock.advance(20);
  trial.race.answer(4, ["v", "w"]);
  const order = trial.after(5_000).map((line) => line.split(" ")[1]);
  assert.deepEqual(order, ["v", "a", "w", "b"]);
});

test("RFC 8305 §5: attempts follow one another by the attempt delay", () => {
  const trial = new Trial({ attemptDelayMs: 100 });
  trial.race.answer(6, ["a", "b", "c"]);
  trial.race.answer(4, []);
  assert.deepEqual(trial.after(199), ["0 a", "100 b"]);
  assert.deepEqual(trial.after(1), ["0 a", "100 b", "200 c"]);
});

test("RFC 8305 §5: a failure starts the next attempt at once, and the delay anew", () => {
  const trial = new Trial();
  trial.race.answer(6, ["a", "b", "c", "d"]);
  trial.race.answer(4, []);
  trial.clock.advance(100);
  trial.race.attemptFailed();
  trial.clock.advance(249);
  assert.deepEqual(trial.log, ["0 a", "100 b"]);
  assert.deepEqual(trial.after(1), ["0 a", "100 b", "350 c"]);
});

test("the failure of an older attempt starts the next one as well", () => {
  const trial = new Trial();
  trial.race.answer(6, ["a", "b", "c"]);
  trial.clock.advance(300);
  trial.race.attemptFailed();
  assert.deepEqual(trial.log, ["0 a", "250 b", "300 c"]);
});

test("a failure while only a lookup is left waits for its answer", () => {
  const trial = new Trial();
  trial.race.answer(6, ["six"]);
  trial.race.attemptFailed();
  assert.equal(trial.exhausted, 0);
  trial.clock.advance(1_000);
  trial.race.answer(4, ["four"]);
  assert.deepEqual(trial.log, ["0 six", "1000 four"]);
});

test("it is exhausted once, when the last attempt failed and no lookup is left", () => {
  const trial = new Trial();
  trial.race.answer(6, ["six"]);
  trial.race.answer(4, ["four"]);
  trial.race.attemptFailed();
  assert.deepEqual(trial.log, ["0 six", "0 four"]);
  assert.equal(trial.exhausted, 0);
  trial.race.attemptFailed();
  assert.equal(trial.exhausted, 1);
  assert.equal(trial.clock.pending, 0);
});

test("it is exhausted when no lookup found anything", () => {
  const trial = new Trial();
  trial.race.answer(4, []);
  assert.equal(trial.exhausted, 0);
  trial.race.answer(6, []);
  assert.equal(trial.exhausted, 1);
  assert.equal(trial.clock.pending, 0);
});

test("a last lookup that finds nothing exhausts it after the attempts", () => {
  const trial = new Trial();
  trial.race.answer(6, ["six"]);
  trial.race.attemptFailed();
  trial.race.answer(4, []);
  assert.equal(trial.exhausted, 1);
});

test("in strict order nothing is tried before all lookups have ended", () => {
  const trial = new Trial({ attemptDelayMs: false });
  trial.race.answer(6, ["six"]);
  assert.deepEqual(trial.after(10_000), []);
  trial.race.answer(4, ["four"]);
  assert.deepEqual(trial.log, ["10000 six"]);
});

test("in strict order only a failure starts the next, and each knows how many are left", () => {
  const trial = new Trial({ attemptDelayMs: false });
  trial.race.answer(6, ["a", "b"]);
  trial.race.answer(4, ["v"]);
  assert.deepEqual(trial.after(60_000), ["0 a"]);
  assert.equal(trial.clock.pending, 0);
  trial.race.attemptFailed();
  trial.race.attemptFailed();
  assert.deepEqual(trial.log, ["0 a", "60000 v", "60000 b"]);
  assert.deepEqual(trial.lefts, [3, 2, 1]);
  trial.race.attemptFailed();
  assert.equal(trial.exhausted, 1);
});

test("after stop() no timer is left and nothing starts any more", () => {
  for (const begin of [true, false]) {
    const trial = new Trial();
    if (begin) trial.race.answer(6, ["a", "b"]);
    else trial.race.answer(4, ["v"]);
    assert.equal(trial.clock.pending, 1);
    trial.race.stop();
    assert.equal(trial.clock.pending, 0);
    const before = trial.log.length;
    trial.race.attemptFailed();
    trial.race.answer(begin ? 4 : 6, ["late"]);
    assert.equal(trial.after(10_000).length, before);
    assert.equal(trial.exhausted, 0);
  }
});

test("the last attempt sets no timer", () => {
  const trial = new Trial();
  trial.race.answer(6, ["a"]);
  trial.race.answer(4, []);
  trial.clock.advance(250);
  assert.equal(trial.clock.pending, 0);
  assert.deepEqual(trial.log, ["0 a"]);
});

test("whatever happens when, each address is tried once and none too early", () => {
  const step = fc.oneof(
    fc.record({ family: fc.constantFrom<IpFamily>(4, 6), count: fc.nat(4) }),
    fc.constant("fail" as const),
    fc.integer({ min: 1, max: 400 }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const trial = new Trial();
    const pending = new Set<IpFamily>([4, 6]);
    let names = 0;
    let failures = 0;
    const failOne = () => {
      if (trial.log.length === failures) return;
      failures++;
      trial.race.attemptFailed();
    };
    for (const what of steps) {
      if (typeof what === "number") trial.clock.advance(what);
      else if (what === "fail") failOne();
      else if (pending.delete(what.family)) {
        trial.race.answer(what.family, Array.from({ length: what.count }, () => `a${names++}`));
      }
    }
    for (const family of pending) trial.race.answer(family, []);
    trial.clock.advance(250 * 10);
    const tried = trial.log.map((line) => line.split(" ")[1]);
    assert.equal(new Set(tried).size, tried.length);
    assert.equal(tried.length, names);
    // Only a failure brings an attempt forward, and each failure at most one.
    const times = trial.log.map((line) => parseInt(line));
    const early = times.filter((at, index) => index > 0 && at - times[index - 1]! < 250).length;
    assert.ok(early <= failures);
    while (trial.log.length > failures) failOne();
    assert.equal(trial.exhausted, 1);
    assert.equal(trial.clock.pending, 0);
  }));
});
