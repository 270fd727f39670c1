import assert from "node:assert/strict";
import { test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import {
  composeDialer,
  type Conn,
  type ContextDialer,
  type Dial,
  DialError,
  type DialEvent,
  type DialOptions,
  type DialReport,
  isDialError,
  type Multiaddr,
} from "../../mod.ts";
import { dialMultiaddr } from "../../src/multiaddr/mod.ts";
import { makeDialer } from "../../src/dial/compose_dialer.ts";
import { httpConnectDialer, socks5Dialer, withProxyProtocol } from "../../src/proxy/mod.ts";
import { reportFromEvents } from "../../src/testing/event_tree.ts";
import { type ListeningPeer, loopbackPeers } from "../../src/testing/mod.ts";
import { readText } from "../../src/testing/read_all.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";
import { WatchedSignal } from "../../src/testing/watched_signal.ts";
import { withTls } from "../../src/tls/mod.ts";
import { ca } from "../certs/certificates.ts";
import { dialerOf } from "../fakes/dialer_of.ts";
import { failureOf, summary } from "../fakes/proxy/dial_outcome.ts";
import { FakeHttpProxy } from "../fakes/proxy/fake_http_proxy.ts";
import { FakeSocks5 } from "../fakes/proxy/fake_socks5.ts";
import { listenTls } from "../tls/tls_peers.ts";
import { settle, VirtualClock } from "../fakes/virtual_clock.ts";

const target = "192.0.2.1:9";

/** A dialer in memory: its connections count how they are ended. */
class MemoryDialer implements ContextDialer {
  readonly conns: { conn: Conn; ends: string[] }[] = [];
  readonly options: DialOptions[] = [];
  readonly dialed: string[] = [];

  dialContext: ContextDialer["dialContext"] = (network, address, options) => {
    this.dialed.push(`${network} ${address}`);
    this.options.push(options ?? {});
    const ends: string[] = [];
    const conn = {
      read: () => new Promise(() => {}),
      write: (data: Uint8Array) => Promise.resolve(data.byteLength),
      close: () => void ends.push("close"),
      reset: () => void ends.push("reset"),
    } as unknown as Conn;
    this.conns.push({ conn, ends });
    return Promise.resolve(conn);
  };

  /** How each connection was ended. */
  get ends(): string[] {
    return this.conns.map(({ ends }) => ends.join());
  }

  /** Whether the signal of each dial has aborted. */
  get aborted(): (boolean | undefined)[] {
    return this.options.map(({ signal }) => signal?.aborted);
  }
}

/** Never answers. */
const silent = dialerOf(() => new Promise(() => {}));

function passThrough(dialer: ContextDialer): ContextDialer {
  return composeDialer("pass", dialer, (dial) => dial.through(dialer));
}

function compose(run: (dial: Dial) => Promise<Conn>): ContextDialer {
  return composeDialer("test", [], run);
}

/** What a dial that a test carries out gives. */
function dialWith(run: (dial: Dial) => Promise<Conn>, options?: DialOptions): Promise<Conn> {
  return compose(run).dialContext("tcp", target, options);
}

function failureWith(run: (dial: Dial) => Promise<Conn>, options?: DialOptions) {
  return failureOf(compose(run), target, options);
}

function outcomes({ children }: DialReport): string[] {
  return children.map(({ kind, outcome }) => `${kind} ${outcome}`);
}

test("composeDialer() refuses what it cannot be made of, and quotes none of it", () => {
  const run = () => Promise.reject();
  const dialer = new MemoryDialer();
  const misuses: [unknown[], RegExp][] = [
    [[undefined, [], run], /^the name of a dialer must be a string, not undefined$/],
    [[5, [], run], /^the name of a dialer must be a string, not a number$/],
    [["x", undefined, run], /^Cannot make "x" of undefined: it has no dialContext method$/],
    [["x", null, run], /^Cannot make "x" of null:/],
    [["x", "http://u:p@h", run], /^Cannot make "x" of a string:/],
    [["x", [dialer, {}], run], /^Cannot make "x" of an object:/],
    [["x", dialer], /^what "x" does must be a function, not undefined$/],
    [["x", dialer, dialer], /^what "x" does must be a function, not an object$/],
  ];
  for (const [args, message] of misuses) {
    const make = () => Reflect.apply(composeDialer, undefined, args);
    assert.throws(
      make,
      (error: Error) => error instanceof TypeError && message.test(error.message),
    );
  }
});

test("String() of a dialer names its layers, redacted", () => {
  const run = (dial: Dial) => dial.through(silent);
  const credentials = { username: "alice", password: "s3cret" };
  const socks = socks5Dialer({ server: "127.0.0.1:1080", credentials });
  const named = {
    "x": composeDialer("x", [], run),
    "x(dialer)": composeDialer("x", silent, run),
    "x(y(system), dialer)": composeDialer(
      "x",
      [composeDialer("y", systemDialer(), run), silent],
      run,
    ),
    "x(socks5h://***@127.0.0.1:1080)": composeDialer("x", socks, run),
    "x(tls(socks5h://***@127.0.0.1:1080))": composeDialer("x", withTls(socks), run),
    "x://***@h": composeDialer("x://alice:s3cret@h", [], run),
    "x(y://***@h)": composeDialer("x", { ...silent, toString: () => "y://alice:s3cret@h" }, run),
  };
  for (const [text, dialer] of Object.entries(named)) assert.equal(String(dialer), text);
  const odd = [
    Object.assign(Object.create(null), silent),
    Object.assign(() => "s3cret", silent),
    {
      ...silent,
      toString: () => {
        throw new Error("no name");
      },
    },
  ];
  for (const dialer of odd) assert.equal(String(composeDialer("x", dialer, run)), "x(dialer)");
});

test("what `over` is given may be changed afterwards", () => {
  const over: ContextDialer[] = [silent];
  const dialer = composeDialer("x", over, (dial) => dial.through(silent));
  over.push(silent);
  assert.equal(String(dialer), "x(dialer)");
});

test("a dial is what was asked for, and is handed on", async () => {
  const inner = new MemoryDialer();
  const seen: unknown[] = [];
  const dialer = composeDialer("x", inner, async (dial) => {
    seen.push(dial.network, dial.address, dial.remoteMultiaddr, dial.signal.aborted);
    return await dial.through(inner);
  });
  const conn = await dialer.dialContext("unix", "/run/x");
  assert.deepEqual(seen, ["unix", "/run/x", undefined, false]);
  assert.deepEqual(inner.dialed, ["unix /run/x"]);
  assert.equal("remoteMultiaddr" in inner.options[0]!, false);
  conn.close();
});

test("remoteMultiaddr and unknown options go on to the same target alone", async () => {
  const inner = new MemoryDialer();
  const ma = { toString: () => "/ip4/192.0.2.1/tcp/9" } as Multiaddr;
  const other = { toString: () => "/ip4/192.0.2.2/tcp/9" } as Multiaddr;
  const options = { remoteMultiaddr: ma, priority: 5 } as DialOptions;
  await dialWith(async (dial) => {
    await dial.through(inner, { address: "proxy:1080" });
    await dial.through(inner, { network: "tcp4" });
    await dial.through(inner, { address: "192.0.2.2:9", remoteMultiaddr: other });
    return await dial.through(inner, { network: "tcp", address: target });
  }, options);
  const given = inner.options.map((given) => [
    given.remoteMultiaddr,
    (given as { priority?: number }).priority,
  ]);
  assert.deepEqual(given, [[undefined, undefined], [undefined, undefined], [other, 5], [ma, 5]]);
  assert.deepEqual(inner.dialed, [
    `tcp proxy:1080`,
    `tcp4 ${target}`,
    "tcp 192.0.2.2:9",
    `tcp ${target}`,
  ]);
});

test("the signal of a `through` aborts if its connection is not returned nor kept", async () => {
  const inner = new MemoryDialer();
  const conn = await dialWith(async (dial) => {
    await dial.through(inner);
    dial.keep(await dial.through(inner));
    return await dial.through(inner);
  });
  assert.deepEqual(inner.aborted, [true, false, false]);
  assert.deepEqual(inner.ends, ["reset", "", ""]);
  conn.close();
  assert.deepEqual(inner.ends, ["reset", "", "close"]);
});

test("when a dial fails, its connections are reset, also those that were kept", async () => {
  const inner = new MemoryDialer();
  let signal: AbortSignal | undefined;
  const error = await failureWith(async (dial) => {
    signal = dial.signal;
    await dial.through(inner);
    dial.keep(await dial.through(inner));
    throw dial.error({ code: "ERR_DIAL_FAILED", phase: "tls", reason: "no" });
  });
  assert.deepEqual(inner.aborted, [true, true]);
  assert.deepEqual(inner.ends, ["reset", "reset"]);
  assert.equal(signal!.aborted, true);
  assert.deepEqual([error.phase, error.reason, error.address], ["tls", "no", target]);
});

test("a dial that goes well does not abort its signal", async () => {
  const inner = new MemoryDialer();
  let taken: Dial | undefined;
  await dialWith(async (dial) => {
    taken = dial;
    assert.equal(dial.signal, dial.signal);
    return await dial.through(inner);
  });
  assert.equal(taken!.signal.aborted, false);
});

test("a signal that is asked for when the dial has failed has aborted", async () => {
  let taken: Dial | undefined;
  await failureWith((dial) => {
    taken = dial;
    return Promise.reject(new Error("no"));
  });
  assert.equal(taken!.signal.aborted, true);
});

test("no listener is left on the signal after success, failure and abort", async () => {
  for (const end of ["success", "failure", "abort", "limit"]) {
    const watched = new WatchedSignal();
    const inner = new MemoryDialer();
    const dial = dialWith(async (dial) => {
      dial.signal.addEventListener("abort", () => {});
      if (end === "limit") dial.limit(5);
      if (end === "success") return await dial.through(inner);
      if (end === "failure") throw new Error("no");
      if (end === "abort") setTimeout(() => watched.abort("enough"), 5);
      return await dial.through(silent);
    }, { signal: watched.signal });
    await dial.catch(() => {});
    assert.equal(watched.added, 1);
    assert.equal(watched.listeners, 0, end);
  }
});

test("what is thrown that is no DialError becomes one, with it as the cause", async () => {
  const unreadable = {
    get code() {
      throw new Error("secret");
    },
  };
  const thrown: [unknown, string, string][] = [
    [new Error("two\nlines"), "ERR_DIAL_FAILED", "two lines"],
    [Object.assign(new Error("x"), { code: "ECONNREFUSED" }), "ECONNREFUSED", "connection refused"],
    ["a word", "ERR_DIAL_FAILED", "a word"],
    [undefined, "ERR_DIAL_FAILED", "undefined"],
    [null, "ERR_DIAL_FAILED", "null"],
    [Object.create(null), "ERR_DIAL_FAILED", "an error that says nothing"],
    [unreadable, "ERR_DIAL_FAILED", "[object Object]"],
  ];
  for (const [cause, code, reason] of thrown) {
    for (const sync of [true, false]) {
      const run = () => {
        if (sync) throw cause;
        return Promise.reject(cause);
      };
      const error = await failureWith(run);
      assert.deepEqual([error.code, error.phase, error.reason], [code, "connect", reason]);
      assert.equal(error.cause ?? cause, cause);
      assert.equal(error.report.outcome, "failed");
      // From the dialer within it is the same, once it is thrown on.
      const inner = dialerOf(run);
      const through = await failureOf(passThrough(inner), target);
      assert.deepEqual([through.code, through.reason], [code, reason]);
    }
  }
});

test("a DialError is thrown on with what it says, and the report of the whole dial", async () => {
  const inner = new DialError({
    ...{ code: "ERR_PROXY_AUTH_REQUIRED", phase: "proxy", network: "tcp4", address: "other:1" },
    ...{ reason: "no", via: "x", hop: "y", blame: "proxy", cause: 5, errors: [] },
  });
  const error = await failureWith(() => Promise.reject(inner));
  for (
    const key of ["code", "phase", "network", "address", "reason", "via", "hop", "blame"] as const
  ) {
    assert.equal(error[key], inner[key], key);
  }
  assert.deepEqual([error.cause, error.errors], [5, []]);
  assert.equal(error.report.label, `tcp ${target}`);
});

test("the caller's reason stays itself, whatever it is and whatever the dial does", async () => {
  const doings: [string, (dial: Dial) => Promise<Conn>][] = [
    ["never settles", () => new Promise(() => {})],
    ["dials", (dial) => dial.through(silent)],
    ["waits", (dial) => dial.wait(60_000, "for it").then(() => dial.through(silent))],
    ["takes a step", (dial) => {
      const start = { type: "handshake-start", protocol: "x", hop: "y" } as const;
      return dial.step(start, () => new Promise(() => {}));
    }],
    [
      "wraps what it is told",
      (dial) => dial.through(silent).catch((cause) => Promise.reject(new Error("mine", { cause }))),
    ],
    ["swallows it", (dial) => dial.through(silent).catch(() => dial.through(new MemoryDialer()))],
  ];
  for (const [what, run] of doings) {
    for (const reason of [new Error("enough"), undefined, null, "a word", 0]) {
      const watched = new WatchedSignal();
      const events: DialEvent[] = [];
      const onEvent = (event: DialEvent) => void events.push(event);
      const dial = dialWith(run, { signal: watched.signal, onEvent });
      await settle();
      watched.abort(reason);
      const expected = reason === undefined ? watched.signal.reason : reason;
      assert.equal(await rejectionOf(dial), expected, what);
      assert.equal(watched.listeners, 0);
      const { outcome, error } = reportFromEvents(events);
      assert.deepEqual([outcome, error?.code], ["aborted", "ABORT_ERR"]);
      await settle();
      reportFromEvents(events);
    }
  }
});

test("within an aborted dial all calls reject with the reason, without events", async () => {
  const controller = new AbortController();
  const inner = new MemoryDialer();
  const events: unknown[] = [];
  let late: unknown[] = [];
  const dial = dialWith(async (dial) => {
    await dial.through(silent).catch(() => {});
    const start = { type: "lookup-start", host: "x" } as const;
    const calls = [
      dial.through(inner),
      dial.wait(5, "for it"),
      dial.step(start, () => Promise.resolve()),
    ];
    dial.note({ type: "choose", member: "x", why: "y" });
    dial.limit(5);
    late = await Promise.all(calls.map((call: Promise<unknown>) => rejectionOf(call)));
    return await dial.through(inner);
  }, { signal: controller.signal, onEvent: (event) => events.push(event) });
  controller.abort("enough");
  assert.equal(await rejectionOf(dial), "enough");
  const { length } = events;
  await settle();
  assert.deepEqual(late, ["enough", "enough", "enough"]);
  assert.equal(events.length, length);
  assert.deepEqual(inner.dialed, []);
});

test("an aborted signal's reason is thrown at once, and no signal is a TypeError", async () => {
  const inner = new MemoryDialer();
  const run = (dial: Dial) => dial.through(inner);
  assert.equal(await rejectionOf(dialWith(run, { signal: AbortSignal.abort(null) })), null);
  for (
    const signal of [{ aborted: false }, { aborted: true }, "x", 5] as unknown as AbortSignal[]
  ) {
    const error = await rejectionOf(dialWith(run, { signal }));
    assert.ok(error instanceof TypeError, `${error}`);
    assert.match(error.message, /^signal must be an AbortSignal, not /);
  }
  const onEvent = "x" as unknown as () => void;
  const error = await rejectionOf(dialWith(run, { onEvent }));
  assert.match(String(error), /^TypeError: onEvent must be a function, not a string$/);
  assert.deepEqual(inner.dialed, []);
  const nothing = { signal: null, onEvent: null } as unknown as DialOptions;
  (await dialWith(run, nothing)).close();
});

test("a connection that comes too late is closed, by `through` and by `run`", async () => {
  const inner = new MemoryDialer();
  let answer = () => {};
  const slow = dialerOf(async (...args) => {
    await new Promise<void>((resolve) => answer = resolve);
    return inner.dialContext(...args);
  });
  const run: ((dial: Dial) => Promise<Conn>)[] = [
    (dial) => dial.through(slow),
    () => slow.dialContext("tcp", target),
  ];
  for (const [index, each] of run.entries()) {
    const controller = new AbortController();
    const dial = dialWith(each, { signal: controller.signal });
    controller.abort("enough");
    assert.equal(await rejectionOf(dial), "enough");
    answer();
    await settle();
    assert.equal(inner.ends[index], "close");
  }
});

test("what is no connection is an error, and is closed if it can be", async () => {
  let closed = 0;
  const answers = [
    undefined,
    null,
    5,
    "a word",
    {},
    { read() {}, write() {} },
    { read() {}, close: () => closed++ },
    {
      get read() {
        throw new Error("no");
      },
      close: () => closed++,
    },
  ];
  for (const answer of answers) {
    const run = () => Promise.resolve(answer as unknown as Conn);
    const inner = dialerOf(run);
    for (const dialer of [compose(run), passThrough(inner)]) {
      const error = await failureOf(dialer, target);
      assert.equal(error.code, "ERR_DIAL_FAILED");
      assert.match(error.reason, /^the dialer answered no connection$|^no$/);
      assert.ok(error.cause instanceof Error);
    }
  }
  assert.equal(closed, 4);
  const synchronous = dialerOf((() => new MemoryDialer().conns) as never);
  assert.equal((await failureOf(passThrough(synchronous), target)).code, "ERR_DIAL_FAILED");
});

test("`through` what is no dialer is an error that names its kind", async () => {
  for (const [dialer, kind] of [[undefined, "undefined"], ["http://u:p@h", "a string"]] as const) {
    const error = await failureWith((dial) => dial.through(dialer as unknown as ContextDialer));
    assert.equal(error.reason, `Cannot dial through ${kind}: it has no dialContext method`);
    assert.ok(error.cause instanceof TypeError);
  }
});

test("a connection that `run` made itself may be returned", async () => {
  const inner = new MemoryDialer();
  const conn = await dialWith(() => inner.dialContext("tcp", "elsewhere:1"));
  assert.deepEqual(conn.report.label, `tcp ${target}`);
  assert.deepEqual(conn.remoteAddr, { transport: "tcp", hostname: "192.0.2.1", port: 9 });
  conn.close();
  assert.deepEqual(inner.ends, ["close"]);
});

test("of two concurrent dials the loser is reset and shows as lost", async () => {
  const fast = new MemoryDialer();
  const slow = new MemoryDialer();
  const later = dialerOf(async (...args) => {
    await settle();
    return slow.dialContext(...args);
  });
  const events: DialEvent[] = [];
  const conn = await dialWith(
    (dial) => Promise.any([dial.through(later), dial.through(silent), dial.through(fast)]),
    { onEvent: (event) => events.push(event) },
  );
  await settle();
  await settle();
  assert.deepEqual([fast.ends, slow.ends], [[""], ["close"]]);
  assert.deepEqual(outcomes(conn.report), ["dial lost", "dial lost", "dial ok"]);
  assert.deepEqual(reportFromEvents(events), conn.report);
  // One that is there, and not taken.
  const both = new MemoryDialer();
  await dialWith(async (dial) => {
    return (await Promise.all([dial.through(both), dial.through(both)]))[0];
  });
  assert.deepEqual(both.ends, ["", "reset"]);
});

test("a dial that fails with no one waiting for it is no unhandled rejection", async () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => void unhandled.push(reason);
  process.on("unhandledRejection", onUnhandled);
  try {
    const inner = new MemoryDialer();
    const failing = dialerOf(async () => {
      await settle();
      throw new Error("no");
    });
    const conn = await dialWith((dial) => {
      dial.through(failing);
      dial.wait(60_000, "for nothing");
      dial.step({ type: "lookup-start", host: "x" }, () => failing.dialContext("tcp", target));
      return dial.through(inner);
    });
    for (let turn = 0; turn < 5; turn++) await settle();
    conn.close();
  } finally {
    process.off("unhandledRejection", onUnhandled);
  }
  assert.deepEqual(unhandled, []);
});

test("`change.signal` ends one dial alone, and rejects with its reason", async () => {
  const inner = new MemoryDialer();
  let reasons: unknown[] = [];
  const conn = await dialWith(async (dial) => {
    const controller = new AbortController();
    const one = dial.through(silent, { signal: controller.signal });
    controller.abort("slow");
    const aborted = dial.through(silent, { signal: controller.signal });
    const none = dial.through(silent, { signal: { aborted: false } as AbortSignal });
    const deaf = dial.through(silent, { onEvent: 5 as unknown as () => void });
    reasons = await Promise.all([one, aborted, none, deaf].map(rejectionOf));
    return await dial.through(inner, { signal: new AbortController().signal });
  });
  assert.deepEqual(reasons.slice(0, 2), ["slow", "slow"]);
  assert.match(String(reasons[2]), /^TypeError: signal must be an AbortSignal/);
  assert.match(String(reasons[3]), /^TypeError: onEvent must be a function/);
  assert.deepEqual(outcomes(conn.report), ["dial aborted", "dial ok"]);
});

test("`change.onEvent` gets the events of one dial beside the dial's listener", async () => {
  const heard: string[] = [];
  const events: DialEvent[] = [];
  const peer = await loopbackPeers().listen("tcp");
  const inner = systemDialer();
  const dialer = composeDialer("x", inner, (dial) => {
    return dial.through(inner, { onEvent: ({ type }) => heard.push(type) });
  });
  const onEvent = (event: DialEvent) => void events.push(event);
  const conn = await dialer.dialContext("tcp", peer.address, { onEvent });
  const inTurn = ["dial-start", "attempt-start", "attempt-end", "dial-end"];
  assert.deepEqual(heard, inTurn);
  assert.deepEqual(events.map(({ type }) => type), ["dial-start", ...inTurn, "dial-end"]);
  const { children: [within] } = reportFromEvents(events);
  assert.deepEqual(conn.report.children, [within]);
  conn.close();
  await peer.close();
});

test("a step ends as its work does, and says so in events and report", async () => {
  const events: DialEvent[] = [];
  const inner = new MemoryDialer();
  const start = { type: "lookup-start", host: "peer.example", family: 4 } as const;
  const conn = await dialWith(async (dial) => {
    const found = await dial.step(start, () => Promise.resolve(["192.0.2.1"]), (addresses) => ({
      addresses,
    }));
    assert.deepEqual(found, ["192.0.2.1"]);
    const no = new Error("no");
    const step = dial.step({ type: "queue-start", why: "a place" }, () => Promise.reject(no));
    assert.equal(await rejectionOf(step), no);
    const within = await dial.step({ type: "attempt-start", address: "a:1" }, async (step) => {
      step.note({ type: "pool", hit: false });
      return await step.through(inner);
    });
    dial.note({ type: "choose", member: "x", why: "y" });
    return within;
  }, { onEvent: (event) => events.push(event) });
  const { report } = conn;
  assert.deepEqual(outcomes(report), ["lookup ok", "queue failed", "attempt ok", "choose ok"]);
  assert.equal(report.children[0]!.detail, "192.0.2.1");
  assert.deepEqual(report.children[1]!.error, { code: "ERR_DIAL_FAILED", message: "no" });
  assert.deepEqual(outcomes(report.children[2]!), ["pool ok", "dial ok"]);
  assert.deepEqual(reportFromEvents(events), report);
});

test("a scope whose step has ended may be used without breaking the tree", async () => {
  const events: DialEvent[] = [];
  const inner = new MemoryDialer();
  const conn = await dialWith(async (dial) => {
    const scope = await dial.step(
      { type: "lookup-start", host: "x" },
      (step) => Promise.resolve(step),
    );
    await scope.step({ type: "queue-start", why: "y" }, () => Promise.resolve());
    scope.note({ type: "pool", hit: true });
    return await scope.through(inner);
  }, { onEvent: (event) => events.push(event) });
  assert.deepEqual(outcomes(reportFromEvents(events)), ["lookup ok", "queue ok"]);
  assert.deepEqual(reportFromEvents(events), conn.report);
});

test("a wait takes its time, is a step, and ends at once with the dial", async () => {
  const clock = new VirtualClock();
  const inner = new MemoryDialer();
  const run = async (dial: Dial) => {
    await dial.wait(1_000, "for it");
    return await dial.through(inner);
  };
  const dialer = makeDialer({ name: "x", over: [], clock, run });
  const dial = dialer.dialContext("tcp", target);
  await clock.pass(999);
  assert.deepEqual(inner.dialed, []);
  await clock.pass(1);
  const { report } = await dial;
  const [wait] = report.children;
  const { kind, label, startMs, durationMs } = wait!;
  assert.deepEqual([kind, label, startMs, durationMs], ["wait", "for it", 0, 1_000]);
  const controller = new AbortController();
  const aborted = dialer.dialContext("tcp", target, { signal: controller.signal });
  await clock.pass(500);
  assert.equal(clock.pending, 1);
  controller.abort("enough");
  assert.equal(await rejectionOf(aborted), "enough");
  assert.equal(clock.pending, 0);
  for (const ms of [-1, NaN, Infinity, 2 ** 31, "5"] as number[]) {
    const error = await failureWith((dial) => dial.wait(ms, "x") as Promise<never>);
    assert.ok(error.cause instanceof RangeError, `${ms}`);
    const limit = await failureWith((dial) => {
      dial.limit(ms);
      return dial.through(silent);
    });
    assert.ok(limit.cause instanceof RangeError, `${ms}`);
  }
});

test("of several limits the shortest holds, and its timer is gone with the dial", async () => {
  const limits: [number[], number][] = [[[50, 20, 30], 20], [[20, 50], 20], [[30], 30]];
  for (const [all, shortest] of limits) {
    const clock = new VirtualClock();
    const dialer = makeDialer({
      ...{ name: "x", over: [], clock },
      run(dial) {
        for (const ms of all) dial.limit(ms);
        return dial.through(silent);
      },
    });
    const dial = failureOf(dialer, target);
    await clock.pass(shortest - 1);
    assert.equal(clock.pending, 1);
    await clock.pass(1);
    const error = await dial;
    assert.equal(clock.pending, 0);
    assert.equal(error.code, "ETIMEDOUT");
    assert.equal(error.reason, `timed out after ${shortest} ms waiting for the dialer`);
    assert.ok(error.cause instanceof DOMException && error.cause.name === "TimeoutError");
    assert.deepEqual(outcomes(error.report), ["dial failed"]);
  }
});

test("a limit says what the dial was waiting for, and what failed before", async () => {
  const failing = dialerOf(() => Promise.reject(new Error("no")));
  const error = await failureWith(async (dial) => {
    dial.limit(10);
    await dial.through(failing).catch(() => {});
    await dial.wait(60_000, "before retry 1");
    return await dial.through(failing);
  });
  assert.equal(error.phase, "wait");
  assert.equal(error.reason, "timed out after 10 ms waiting before retry 1");
  assert.deepEqual(error.errors?.map(({ reason }) => reason), ["no"]);
  assert.deepEqual(outcomes(error.report), ["dial failed", "wait failed"]);
  const lookup = await failureWith((dial) => {
    dial.limit(10);
    const start = { type: "lookup-start", host: "peer.example", family: 4 } as const;
    return dial.step(start, () => new Promise(() => {}));
  });
  assert.deepEqual([lookup.phase, lookup.reason], [
    "resolve",
    'timed out after 10 ms looking up "peer.example"',
  ]);
  const described = await failureWith((dial) => {
    dial.limit(10);
    dial.whilePending((inner) => ({
      ...{ phase: "queue", hop: "x", blame: "proxy" },
      waiting: `waiting for a place, not ${inner?.waiting}`,
    }));
    return dial.through(silent);
  });
  assert.deepEqual(summary(described), {
    ...{ code: "ETIMEDOUT", phase: "queue", hop: "x", blame: "proxy" },
  });
  assert.match(described.reason, /waiting for a place, not waiting for the dialer$/);
});

test("a limit around proxies names the silent one, also where events are passed on", async () => {
  const silentSocks = await FakeSocks5.listen({ stallsAfter: "greeting" });
  const open = await FakeHttpProxy.listen();
  const before = httpConnectDialer({ server: open.address });
  const single = socks5Dialer({ server: silentSocks.address });
  const chain = socks5Dialer({ server: silentSocks.address, via: before });
  const hop = `socks5h://${silentSocks.address}`;
  const passesOn = (dialer: ContextDialer) =>
    dialerOf((network, address, options) =>
      dialer.dialContext(network, address, {
        ...options,
        onEvent: (event) => options?.onEvent?.(event),
      })
    );
  const limited = (dialer: ContextDialer) =>
    composeDialer("limit", dialer, (dial) => {
      dial.limit(150);
      return dial.through(dialer);
    });
  const ways: [ContextDialer, string][] = [
    [single, hop],
    [chain, `http://${open.address}, ${hop}`],
  ];
  for (const [dialer, via] of ways) {
    for (
      const each of [dialer, passThrough(dialer), passesOn(dialer), passesOn(passThrough(dialer))]
    ) {
      const error = await failureOf(limited(each), target);
      assert.deepEqual(summary(error), { code: "ETIMEDOUT", phase: "proxy", hop, blame: "proxy" });
      assert.equal(error.via, via);
      const where = via === hop ? "" : `${hop}: `;
      assert.equal(error.reason, `${where}timed out after 150 ms waiting for the proxy's answer`);
    }
  }
  await Promise.all([silentSocks.close(), open.close()]);
});

test("five wrappers give the same connection, with the larger report", async () => {
  const peer = await loopbackPeers().listen("tcp");
  const got: Conn[] = [];
  const spying = (dialer: ContextDialer) =>
    composeDialer("spy", dialer, async (dial) => {
      const conn = await dial.through(dialer);
      got.push(conn);
      return conn;
    });
  let dialer = systemDialer();
  for (let layer = 0; layer < 5; layer++) dialer = spying(dialer);
  const events: DialEvent[] = [];
  const onEvent = (event: DialEvent) => void events.push(event);
  const conn = await dialer.dialContext("tcp", peer.address, { onEvent });
  assert.equal(got.length, 5);
  assert.ok(got.every((each) => each === conn));
  const kinds: string[] = [];
  for (let node: DialReport | undefined = conn.report; node; node = node.children[0]) {
    kinds.push(node.kind);
  }
  assert.deepEqual(kinds, [...Array(6).fill("dial"), "attempt"]);
  assert.deepEqual(reportFromEvents(events), conn.report);
  const proxied = await withProxyProtocol(dialer, { version: 1 }).dialContext("tcp", peer.address);
  assert.equal(got.at(-1), proxied);
  for (const each of [conn, proxied]) each.close();
  await peer.close();
});

test("conn.tls survives dialMultiaddr() and any stack", async () => {
  const peer = await listenTls();
  const tls = withTls(systemDialer(), { ca: ca.cert });
  const stacked = passThrough(passThrough(withWrapper(tls)));
  const { port } = new URL(`tcp://${peer.address}`);
  const ma = `/ip4/127.0.0.1/tcp/${port}`;
  const dials = [
    () => dialMultiaddr(tls, ma),
    () => dialMultiaddr(stacked, ma),
    () => dialMultiaddr(() => stacked, ma),
    () => stacked.dialContext("tcp", peer.address),
  ];
  for (const dial of dials) {
    const conn = await dial() as Conn & { tls?: { protocol: string } };
    assert.match(String(conn.tls?.protocol), /^TLSv1\.[23]$/);
    await closed(peer, conn);
  }
  await peer.close();
});

/** A wrapper that keeps what it wraps, and wraps it. */
function withWrapper(dialer: ContextDialer): ContextDialer {
  return composeDialer("wrap", dialer, async (dial) => {
    const conn = await dial.through(dialer);
    dial.keep(conn);
    return new Proxy(conn, {
      get(target, key) {
        const value = Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  });
}

async function closed(peer: ListeningPeer, conn: Conn): Promise<void> {
  const accepted = await peer.accept();
  conn.close();
  assert.equal(await readText(accepted), "");
}

test("the error's report is what was told, whichever step failed", async () => {
  const failing = dialerOf((_network, _address, options) => {
    const onEvent = options!.onEvent!;
    onEvent({ id: 1, atMs: 0, type: "dial-start", network: "tcp", address: "x:1" });
    onEvent({ id: 2, parent: 1, atMs: 0, type: "attempt-start", address: "x:1" });
    return Promise.reject(new Error("no"));
  });
  const events: DialEvent[] = [];
  const error = await failureWith(async (dial) => {
    await dial.wait(1, "for it");
    const start = { type: "handshake-start", protocol: "x", hop: "y" } as const;
    return await dial.step(start, (step) => step.through(failing));
  }, { onEvent: (event) => events.push(event) });
  assert.deepEqual(reportFromEvents(events), error.report);
  assert.equal(isDialError(error), true);
  assert.equal(error.report, error.report);
  const [, handshake] = error.report.children;
  assert.deepEqual(outcomes(handshake!), ["dial failed"]);
  assert.deepEqual(outcomes(handshake!.children[0]!), ["attempt failed"]);
});

test("a listener may abort at any event", async () => {
  for (let last = 1; last <= 8; last++) {
    const controller = new AbortController();
    const inner = new MemoryDialer();
    const events: DialEvent[] = [];
    const dial = dialWith(async (dial) => {
      await dial.wait(0, "for it");
      dial.note({ type: "choose", member: "x", why: "y" });
      const start = { type: "handshake-start", protocol: "x", hop: "y" } as const;
      return await dial.step(start, (step) => step.through(inner));
    }, {
      signal: controller.signal,
      onEvent(event) {
        events.push(event);
        if (events.length === last) controller.abort(last);
      },
    });
    assert.equal(await rejectionOf(dial), last);
    assert.equal(reportFromEvents(events).outcome, "aborted");
    await settle();
    assert.ok(inner.ends.every((ends) => ends !== ""), `at event ${last}`);
  }
});
