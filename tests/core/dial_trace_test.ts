import assert from "node:assert/strict";
import { test } from "node:test";
import type { DialEvent } from "../../src/core/dial_event.ts";
import { DialTrace } from "../../src/core/dial_trace.ts";
import { reportOf } from "../../src/testing/event_tree.ts";
import { VirtualClock } from "../virtual_clock.ts";

const dialStart = { type: "dial-start", network: "tcp", address: "peer.test:9" } as const;
const failure = { code: "ECONNREFUSED", message: "connection refused" };

function traceIn(clock: VirtualClock, events?: DialEvent[]): DialTrace {
  return new DialTrace(events && ((event) => events.push(event)), clock.now);
}

/** A lookup and two attempts, the second of which wins after 300 ms. */
function record(clock: VirtualClock, events?: DialEvent[]): DialTrace {
  const trace = traceIn(clock, events);
  const root = trace.start(undefined, "tcp peer.test:9", dialStart);
  const lookup = trace.start(root, "peer.test IPv6", {
    type: "lookup-start",
    host: "peer.test",
    family: 6,
  });
  clock.advance(10);
  trace.end(lookup, "ok", undefined, { addresses: ["::6", "::7"] });
  const first = trace.start(root, "[::6]:9", { type: "attempt-start", address: "[::6]:9" });
  clock.advance(250);
  const second = trace.start(root, "[::7]:9", { type: "attempt-start", address: "[::7]:9" });
  clock.advance(40);
  trace.end(second, "ok");
  trace.end(first, "lost");
  trace.end(root, "ok");
  return trace;
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
  const { children, outcome } = record(clock, events).report();
  const told = reportOf(events);
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
  const trace = traceIn(clock, events);
  const root = trace.start(undefined, "tcp peer.test:9", dialStart);
  trace.end(root, "failed", failure);
  clock.advance(100);
  trace.end(root, "ok");
  assert.equal(events.length, 2);
  const { outcome, error, durationMs } = trace.report();
  assert.deepEqual({ outcome, error, durationMs }, {
    outcome: "failed",
    error: failure,
    durationMs: 0,
  });
});

test("the end of a step is that of all within it, from the inside out", () => {
  for (const [outcome, within] of [["ok", "lost"], ["failed", "failed"]] as const) {
    const events: DialEvent[] = [];
    const trace = traceIn(new VirtualClock(), events);
    const root = trace.start(undefined, "tcp peer.test:9", dialStart);
    const attempt = trace.start(root, "a", { type: "attempt-start", address: "a" });
    trace.start(attempt, "socks5", { type: "handshake-start", protocol: "socks5", hop: "a" });
    trace.end(root, outcome, outcome === "ok" ? undefined : failure);
    assert.deepEqual(events.slice(3).map(({ type }) => type), [
      "handshake-end",
      "attempt-end",
      "dial-end",
    ]);
    const told = reportOf(events);
    assert.equal(told.outcome, outcome);
    assert.equal(told.children[0]!.outcome, within);
    assert.equal(trace.report().children[0]!.children[0]!.outcome, within);
  }
});

test("a report in the middle of a dial shows open steps as aborted, up to now", () => {
  const clock = new VirtualClock();
  const trace = traceIn(clock);
  trace.start(undefined, "tcp peer.test:9", dialStart);
  clock.advance(70);
  const { outcome, durationMs } = trace.report();
  assert.deepEqual({ outcome, durationMs }, { outcome: "aborted", durationMs: 70 });
});

test("a nested dialer's events and report become part of the outer ones", () => {
  const events: DialEvent[] = [];
  const clock = new VirtualClock();
  const outer = traceIn(clock, events);
  const root = outer.start(undefined, "tcp target:9", { ...dialStart, via: "socks5://proxy:1" });
  clock.advance(100);
  // Two of them, as a chain or a retry has, whose own ids are the same.
  for (let round = 0; round < 2; round++) {
    const startMs = outer.elapsedMs();
    const listener = outer.nestedListener(root);
    const innerEvents: DialEvent[] = [];
    const inner = record(clock, innerEvents);
    for (const event of innerEvents) {
      // Recorded before, told now: the times are those of the inner dial's clock.
      listener!(event);
    }
    outer.adopt(root, inner.report(), startMs);
  }
  outer.end(root, "ok");
  const ids = events.filter(({ type }) => type.endsWith("-start")).map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(events.filter(({ parent }) => parent === undefined).length, 2);
  const told = reportOf(events);
  const { children } = outer.report();
  const shape = (nodes: typeof children): unknown =>
    nodes.map((
      { kind, startMs, durationMs, outcome, children },
    ) => [kind, startMs, durationMs, outcome, shape(children)]);
  assert.deepEqual(shape(children), shape(told.children));
  assert.deepEqual(children.map(({ startMs }) => startMs), [100, 400]);
  assert.equal(children[1]!.children[2]!.startMs, 400 + 260);
});

test("what a nested dialer tells after the end of its step is dropped, and ended for it", () => {
  const events: DialEvent[] = [];
  const clock = new VirtualClock();
  const outer = traceIn(clock, events);
  const root = outer.start(undefined, "tcp target:9", dialStart);
  const inner = new DialTrace(outer.nestedListener(root), clock.now);
  const innerRoot = inner.start(undefined, "tcp proxy:1", dialStart);
  inner.start(innerRoot, "proxy:1", { type: "attempt-start", address: "proxy:1" });
  clock.advance(50);
  const aborted = { code: "ABORT_ERR", message: "aborted by the caller" };
  outer.end(root, "aborted", aborted);
  inner.end(innerRoot, "failed", failure);
  inner.start(innerRoot, "late", { type: "attempt-start", address: "late" });
  const ends = events.slice(3).map(({ type, atMs }) => `${type} ${atMs}`);
  assert.deepEqual(ends, ["attempt-end 50", "dial-end 50", "dial-end 50"]);
  const told = reportOf(events);
  assert.equal(told.children[0]!.children[0]!.outcome, "aborted");
});

test("without a listener there is nothing to tell nested dialers", () => {
  const trace = traceIn(new VirtualClock());
  const root = trace.start(undefined, "tcp peer.test:9", dialStart);
  assert.equal(trace.nestedListener(root), undefined);
});

test("a listener that is none is a TypeError", () => {
  for (const none of [undefined, null]) new DialTrace(none as undefined);
  assert.throws(() => new DialTrace({ log() {} } as unknown as () => void), {
    name: "TypeError",
    message: "onEvent must be a function, not [object Object]",
  });
});
