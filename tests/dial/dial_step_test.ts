import assert from "node:assert/strict";
import { test } from "node:test";
import type { DialEvent } from "../../src/core/dial_event.ts";
import type { DialStep } from "../../src/dial/dial_step.ts";
import { beginDial, StepLink } from "../../src/dial/step_link.ts";
import { reportFromEvents } from "../../src/testing/event_tree.ts";
import { VirtualClock } from "../fakes/virtual_clock.ts";

const dialStart = { type: "dial-start", network: "tcp", address: "peer.test:9" } as const;
const failure = { code: "ECONNREFUSED", message: "connection refused" };

function begin(clock: VirtualClock, events?: DialEvent[]): DialStep {
  return beginDial(events && ((event) => void events.push(event)), clock.now, dialStart);
}

/** A lookup and two attempts, the second of which wins after 300 ms. */
function record(clock: VirtualClock, onEvent?: (event: DialEvent) => void): DialStep {
  const root = beginDial(onEvent, clock.now, dialStart);
  const lookup = root.start({ type: "lookup-start", host: "peer.test", family: 6 });
  clock.advance(10);
  lookup.end("ok", undefined, { addresses: ["::6", "::7"] });
  const first = root.start({ type: "attempt-start", address: "[::6]:9" });
  clock.advance(250);
  const second = root.start({ type: "attempt-start", address: "[::7]:9" });
  clock.advance(40);
  second.end("ok");
  first.end("lost");
  root.end("ok");
  return root;
}

test("a report has every step with its times, outcome and detail", () => {
  const node = (kind: string, label: string, startMs: number, durationMs: number) => (
    { kind, label, startMs, durationMs, outcome: "ok", children: [] }
  );
  assert.deepEqual(record(new VirtualClock()).report(), {
    ...node("dial", "tcp peer.test:9", 0, 300),
    children: [
      { ...node("lookup", "peer.test IPv6", 0, 10), detail: "::6, ::7" },
      { ...node("attempt", "[::6]:9", 10, 290), outcome: "lost" },
      node("attempt", "[::7]:9", 260, 40),
    ],
  });
});

test("events say the same as the report", () => {
  const events: DialEvent[] = [];
  const clock = new VirtualClock();
  clock.advance(5_000);
  const { children, outcome } = record(clock, (event) => events.push(event)).report();
  const told = reportFromEvents(events);
  assert.equal(told.outcome, outcome);
  assert.deepEqual(
    told.children.map(({ kind, startMs, durationMs, outcome }) =>
      [kind, startMs, durationMs, outcome].join(" ")
    ),
    children.map(({ kind, startMs, durationMs, outcome }) =>
      [kind, startMs, durationMs, outcome].join(" ")
    ),
  );
  const types = events.map(({ type }) => type);
  assert.deepEqual(types.filter((type) => type === "attempt-end").length, 2);
  assert.deepEqual(events.find(({ type }) => type === "lookup-end"), {
    id: 2,
    parent: 1,
    atMs: 10,
    type: "lookup-end",
    addresses: ["::6", "::7"],
  });
  const lost = events.filter((event) => "lost" in event && event.lost);
  assert.equal(lost.length, 1);
});

test("a step ends once", () => {
  const events: DialEvent[] = [];
  const clock = new VirtualClock();
  const root = begin(clock, events);
  root.end("failed", failure);
  clock.advance(100);
  root.end("ok");
  assert.equal(events.length, 2);
  const { outcome, error, durationMs } = root.report();
  assert.deepEqual({ outcome, error, durationMs }, {
    outcome: "failed",
    error: failure,
    durationMs: 0,
  });
});

test("the end of a step is that of all within it, from the inside out", () => {
  for (const [outcome, within] of [["ok", "lost"], ["failed", "failed"]] as const) {
    const events: DialEvent[] = [];
    const root = begin(new VirtualClock(), events);
    const attempt = root.start({ type: "attempt-start", address: "a" });
    attempt.start({ type: "handshake-start", protocol: "socks5", hop: "a" });
    root.end(outcome, outcome === "ok" ? undefined : failure);
    assert.deepEqual(events.slice(3).map(({ type }) => type), [
      "handshake-end",
      "attempt-end",
      "dial-end",
    ]);
    const told = reportFromEvents(events);
    assert.equal(told.outcome, outcome);
    assert.equal(told.children[0]!.outcome, within);
    assert.equal(root.report().children[0]!.children[0]!.outcome, within);
  }
});

test("a report in the middle of a dial shows open steps as aborted, up to now", () => {
  const clock = new VirtualClock();
  const root = begin(clock);
  clock.advance(70);
  const { outcome, durationMs } = root.report();
  assert.deepEqual({ outcome, durationMs }, { outcome: "aborted", durationMs: 70 });
});

test("a nested dialer's steps become part of the outer dial, by its listener or by its events", () => {
  // The listener itself is what this package's dialers know; what calls it could be anybody's.
  for (const foreign of [false, true]) {
    const events: DialEvent[] = [];
    const clock = new VirtualClock();
    const onEvent = (event: DialEvent) => void events.push(event);
    const root = beginDial(onEvent, clock.now, { ...dialStart, via: "socks5://proxy:1" });
    clock.advance(100);
    // Two of them, as a chain or a retry has, whose own ids are the same.
    for (let round = 0; round < 2; round++) {
      const { listener } = new StepLink(root);
      record(clock, foreign ? (event) => listener(event) : listener);
    }
    root.end("ok");
    const ids = events.filter(({ type }) => type.endsWith("-start")).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(events.filter(({ parent }) => parent === undefined).length, 2);
    const told = reportFromEvents(events);
    const { children } = root.report();
    assert.deepEqual(children, told.children);
    assert.deepEqual(children.map(({ startMs }) => startMs), [100, 400]);
    assert.equal(children[1]!.children[2]!.startMs, 400 + 260);
  }
});

test("what a nested dialer tells after the end of its step is dropped, and ended for it", () => {
  for (const foreign of [false, true]) {
    const events: DialEvent[] = [];
    const clock = new VirtualClock();
    const outer = begin(clock, events);
    const { listener } = new StepLink(outer);
    const onEvent = foreign ? (event: DialEvent) => listener(event) : listener;
    const inner = beginDial(onEvent, clock.now, dialStart);
    inner.start({ type: "attempt-start", address: "proxy:1" });
    clock.advance(50);
    outer.end("aborted", { code: "ABORT_ERR", message: "aborted by the caller" });
    inner.end("failed", failure);
    beginDial(onEvent, clock.now, dialStart).start({ type: "attempt-start", address: "late" });
    const ends = events.slice(3).map(({ type, atMs }) => `${type} ${atMs}`);
    assert.deepEqual(ends, ["attempt-end 50", "dial-end 50", "dial-end 50"]);
    const told = reportFromEvents(events);
    assert.equal(told.children[0]!.children[0]!.outcome, "aborted");
  }
});

test("a dialer that tells nothing has a step all the same, with its own report if it has one", () => {
  for (const tells of [false, true]) {
    const clock = new VirtualClock();
    const events: DialEvent[] = [];
    const outer = begin(clock, events);
    clock.advance(5);
    const link = new StepLink(outer);
    link.expect({ type: "dial-start", network: "tcp", address: "proxy:1" });
    if (tells) beginDial(link.listener, clock.now, { ...dialStart, via: "b" }).end("ok");
    link.settle("ok", undefined, record(new VirtualClock()));
    outer.end("ok");
    const [inner, ...others] = outer.report().children;
    assert.deepEqual(others, []);
    assert.equal(inner!.startMs, 5);
    assert.equal(inner!.children.length, tells ? 0 : 3);
    assert.equal(inner!.detail, tells ? "via b" : undefined);
    const types = ["dial-start", "dial-start", "dial-end", "dial-end"];
    assert.deepEqual(events.map(({ type }) => type), types);
  }
});

test("a kind of step that is not known is passed on, and is in the report", () => {
  const events: DialEvent[] = [];
  const root = begin(new VirtualClock(), events);
  const { listener } = new StepLink(root);
  const later = { type: "negotiate-start", terms: 5 };
  listener({ id: 1, atMs: 0, ...later } as unknown as DialEvent);
  listener({ id: 2, parent: 1, atMs: 0, type: "remark", text: "x" } as unknown as DialEvent);
  listener({ id: 1, atMs: 0, type: "negotiate-end", agreed: true } as unknown as DialEvent);
  root.end("ok");
  assert.deepEqual(events.slice(1, 4), [
    { id: 2, parent: 1, atMs: 0, ...later },
    { id: 3, parent: 2, atMs: 0, type: "remark", text: "x" },
    { id: 2, parent: 1, atMs: 0, type: "negotiate-end", agreed: true },
  ] as unknown as DialEvent[]);
  const [step] = root.report().children;
  assert.deepEqual([step!.kind, step!.outcome, step!.children[0]!.kind], [
    ...["negotiate", "ok", "remark"],
  ]);
});

test("what a dial waits for is what its innermost open step says", () => {
  const root = begin(new VirtualClock());
  const waiting = () => root.pending().waiting;
  assert.equal(waiting(), "waiting for the dialer");
  const lookup = root.start({ type: "lookup-start", host: "peer.test", family: 6 });
  assert.equal(waiting(), 'looking up "peer.test"');
  const attempt = root.start({ type: "attempt-start", address: "a:1" });
  assert.deepEqual(root.pending(), { phase: "connect", waiting: "connecting to a:1" });
  attempt.end("failed", failure);
  assert.deepEqual(root.pending(), { phase: "resolve", waiting: 'looking up "peer.test"' });
  lookup.end("ok");
  const wait = root.start({ type: "wait-start", why: "before retry 1", ms: 5 });
  assert.deepEqual(root.pending(), { phase: "wait", waiting: "waiting before retry 1" });
  wait.end("ok");
  const inner = root.start({ ...dialStart, via: "socks5h://p:1" });
  inner.describePending(() => ({
    phase: "proxy",
    waiting: "waiting for it",
    hop: "socks5h://p:1",
  }));
  const via = "socks5h://p:1";
  assert.deepEqual(root.pending(), { phase: "proxy", waiting: "waiting for it", hop: via, via });
});
