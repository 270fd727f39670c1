import assert from "node:assert/strict";
import { isDialError } from "../../core/dial_error.ts";
import { splitHostPort } from "../../core/host_port.ts";
import type { Resolver } from "../../resolver/resolver.ts";
import type { Contract } from "./contract.ts";
import { type ContractRun, contractTest } from "./contract_run.ts";
import { abortAtEvents, type AbortedDial } from "../abort_at_events.ts";
import { reportFromEvents } from "../event_tree.ts";
import { rejectionOf } from "../reason_of.ts";
import { bytesOf, readExactly } from "../read_all.ts";
import { SeededRandom } from "../seeded_random.ts";
import { delay, turn } from "../waiting.ts";
import { WatchedSignal } from "../watched_signal.ts";

/** The rules on abort signals, by their numbers in the documentation of `testDialer`. */
export function abortTests(contract: Contract): void {
  const { unsupported, variants } = contract;

  contractTest(
    contract,
    "rule 1: an aborted signal's reason is thrown and nothing is touched",
    alreadyAborted,
  );
  if (variants.resolver !== undefined && !unsupported.has("names")) {
    contractTest(contract, "rule 1: an aborted dial looks nothing up", abortedLooksNothingUp);
    contractTest(contract, "rule 2: an abort ends a lookup that never answers", abortDuringLookup);
  }
  contractTest(contract, "rule 2: an abort right after the call", abortRightAfterTheCall);
  if (!unsupported.has("events")) {
    contractTest(contract, "rule 2: an abort from within any event", abortAtEveryEvent);
  }
  if (!unsupported.has("silent")) {
    contractTest(
      contract,
      "rule 2: an abort while connecting, and the late socket is closed",
      abortWhileConnecting,
    );
    contractTest(
      contract,
      "rule 2: the reason of AbortSignal.timeout() is thrown as it is",
      abortByTimeout,
    );
    if (variants.timeoutMs !== undefined) {
      contractTest(contract, "rule 4: its own limit is a DialError with a cause", ownLimit);
    }
  }
  contractTest(
    contract,
    "rule 2: aborts at random moments leave no connection behind",
    abortAtRandom,
  );
  contractTest(contract, "rule 3: a connection does not notice a later abort", abortAfterwards);
  contractTest(
    contract,
    "rule 5: a signal that lives for long gathers no listeners",
    longLivedSignal,
  );
}

async function alreadyAborted(trial: ContractRun): Promise<void> {
  const peer = await trial.listen();
  for (const reason of [new Error("told so"), "a word", null, 0]) {
    const watched = new WatchedSignal();
    watched.abort(reason);
    const events: unknown[] = [];
    const dial = trial.dial(peer.address, {
      signal: watched.signal,
      onEvent: (event) => events.push(event),
    });
    assert.equal(await rejectionOf(dial), reason);
    assert.deepEqual(events, []);
    assert.equal(watched.listeners, 0);
  }
  // The listener accepts in order: this connection is the first.
  await trial.connect(peer);
  assert.equal(peer.seen, 1);
}

async function abortedLooksNothingUp(trial: ContractRun): Promise<void> {
  const asked: string[] = [];
  const resolver: Resolver = {
    lookup(host) {
      asked.push(host);
      return Promise.resolve(["127.0.0.1"]);
    },
  };
  const dialer = trial.contract.variants.resolver!(resolver);
  const reason = new Error("told so");
  const dial = trial.dial("peer.test:9", { dialer, signal: AbortSignal.abort(reason) });
  assert.equal(await rejectionOf(dial), reason);
  assert.deepEqual(asked, []);
}

async function abortDuringLookup(trial: ContractRun): Promise<void> {
  const signals: AbortSignal[] = [];
  let asked = () => {};
  const wasAsked = new Promise<void>((resolve) => asked = resolve);
  const dialer = trial.contract.variants.resolver!({
    lookup(_host, { signal }) {
      if (signal !== undefined) signals.push(signal);
      asked();
      return new Promise(() => {});
    },
  });
  const watched = new WatchedSignal();
  const dial = trial.dial("peer.test:9", { dialer, signal: watched.signal });
  const reason = new Error("enough");
  wasAsked.then(() => watched.abort(reason));
  assert.equal(await rejectionOf(dial), reason);
  assert.equal(watched.listeners, 0);
  assert.ok(signals.length > 0 && signals.every(({ aborted }) => aborted), "the resolver is told");
}

async function abortRightAfterTheCall(trial: ContractRun): Promise<void> {
  const peer = await trial.listen();
  for (const reason of [new Error("never mind"), "a word", null, 0]) {
    const watched = new WatchedSignal();
    const dial = trial.dial(peer.address, { signal: watched.signal });
    watched.abort(reason);
    assert.equal(await rejectionOf(dial), reason);
    assert.equal(watched.listeners, 0);
  }
  await trial.assertSeenAreClosed(peer);
}

async function abortAtEveryEvent(trial: ContractRun): Promise<void> {
  const peer = await trial.listen();
  // A dial of a name has more events than one of an address.
  const address = trial.contract.unsupported.has("names")
    ? peer.address
    : `localhost:${splitHostPort(peer.address).port}`;
  const check = ({ at, reason, events, ended, outcome }: AbortedDial) => {
    const { error } = reportFromEvents(events);
    // The last event decides the result of the dial.
    if (ended && outcome === undefined) return;
    assert.equal(outcome, reason, `at event ${at}`);
    assert.equal(error?.code, "ABORT_ERR");
  };
  await abortAtEvents((options) => trial.dial(address, options), check, 1_000);
  await trial.assertSeenAreClosed(peer);
}

async function abortWhileConnecting(trial: ContractRun): Promise<void> {
  const peer = await trial.silent();
  const watched = new WatchedSignal();
  const reason = new Error("enough");
  const aborted = trial.dial(peer.address, { signal: watched.signal });
  const patient = trial.dial(peer.address);
  patient.catch(() => {});
  // No event reports how far a dial has progressed, so the test waits.
  await delay(50);
  const start = performance.now();
  watched.abort(reason);
  assert.equal(await rejectionOf(aborted), reason);
  assert.ok(performance.now() - start < 1_000, "the rejection is prompt");
  assert.equal(watched.listeners, 0);
  // The patient dial started later: once it connects, the aborted one would have connected too.
  peer.answer();
  (await patient).close();
  // `ContractRun.end` fails if the peer has a connection left.
}

async function abortByTimeout(trial: ContractRun): Promise<void> {
  const peer = await trial.silent();
  const signal = AbortSignal.timeout(50);
  const error = await rejectionOf(trial.dial(peer.address, { signal }));
  assert.equal(error, signal.reason);
  assert.ok(!isDialError(error));
}

async function ownLimit(trial: ContractRun): Promise<void> {
  const peer = await trial.silent();
  const watched = new WatchedSignal();
  const dialer = trial.contract.variants.timeoutMs!(50);
  const start = performance.now();
  const error = await rejectionOf(trial.dial(peer.address, { dialer, signal: watched.signal }));
  assert.ok(isDialError(error), `a DialError, not ${error}`);
  assert.equal(error.code, "ETIMEDOUT");
  assert.ok(error.cause instanceof Error, "the limit's reason is the cause");
  assert.ok(performance.now() - start < 5_000);
  assert.equal(watched.signal.aborted, false);
  assert.equal(watched.listeners, 0);
}

async function abortAtRandom(trial: ContractRun): Promise<void> {
  const peer = await trial.listen();
  const random = new SeededRandom();
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 10 }, async () => {
      const watched = new WatchedSignal();
      const reason = new Error("enough");
      const dial = trial.dial(peer.address, { signal: watched.signal });
      const outcome = dial.then((conn) => conn.close(), (error) => error);
      for (let turns = random.below(4); turns > 0; turns--) await turn();
      for (let turns = random.below(12); turns > 0; turns--) await undefined;
      watched.abort(reason);
      const error = await outcome;
      assert.ok(error === undefined || error === reason, `${error} with seed ${random.seed}`);
      assert.equal(watched.listeners, 0, `with seed ${random.seed}`);
    }));
  }
  await trial.assertSeenAreClosed(peer);
}

async function abortAfterwards(trial: ContractRun): Promise<void> {
  const listener = await trial.listen();
  const watched = new WatchedSignal();
  const [conn, peer] = await Promise.all([
    trial.dial(listener.address, { signal: watched.signal }),
    listener.accept(),
  ]);
  assert.equal(watched.listeners, 0);
  const pending = readExactly(conn, 5);
  watched.abort(new Error("too late"));
  await turn();
  await conn.write(bytesOf("hello"));
  await peer.write(await readExactly(peer, 5));
  assert.deepEqual(await pending, bytesOf("hello"));
}

async function longLivedSignal(trial: ContractRun): Promise<void> {
  const { contract: { peers } } = trial;
  const listener = await trial.listen();
  const watched = new WatchedSignal();
  for (let round = 0; round < 20; round++) {
    const good = trial.dial(listener.address, { signal: watched.signal });
    const bad = trial.dial(peers.refused, { signal: watched.signal });
    // The dial may fail before the good one connects.
    bad.catch(() => {});
    (await good).close();
    await assert.rejects(bad, isDialError);
  }
  assert.equal(watched.listeners, 0);
}
