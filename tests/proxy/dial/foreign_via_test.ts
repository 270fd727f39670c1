import assert from "node:assert/strict";
import { test } from "node:test";
import { systemDialer } from "../../../adapters/system.ts";
import type { Conn } from "../../../src/core/conn.ts";
import type { DialEvent } from "../../../src/core/dial_event.ts";
import type { ContextDialer } from "../../../src/core/dialer.ts";
import { httpConnectDialer, socks5Dialer, withProxyProtocol } from "../../../src/proxy/mod.ts";
import { reportFromEvents } from "../../../src/testing/event_tree.ts";
import { rejectionOf } from "../../../src/testing/reason_of.ts";
import { assertEchoes, failureOf, summary } from "../../fakes/proxy/dial_outcome.ts";
import { FakeSocks5 } from "../../fakes/proxy/fake_socks5.ts";
import { startEcho } from "../../fakes/proxy/target.ts";
import { dialerOf } from "../../fakes/dialer_of.ts";

const server = "127.0.0.1:1080";

/** The dialers of this room over somebody else's. */
function overForeign(
  via: ContextDialer,
  timeoutMs?: number,
): [name: string, dialer: ContextDialer][] {
  return [
    ["socks5Dialer()", socks5Dialer({ server, via, timeoutMs })],
    [
      "local lookup",
      socks5Dialer({
        ...{ server, via, timeoutMs, resolve: "local" },
        resolver: { lookup: () => Promise.resolve(["192.0.2.1"]) },
      }),
    ],
    ["a chain", socks5Dialer({ server, timeoutMs, via: httpConnectDialer({ server, via }) })],
    ["withProxyProtocol()", withProxyProtocol(via, { version: 2 })],
  ];
}

/** A dialer that heeds no signal, and tells of its steps, in ids of its own, whenever the test wants. */
class DeafDialer implements ContextDialer {
  tell: (event: DialEvent) => void = () => {};
  answer: (conn: Conn) => void = () => {};
  reject: (error: unknown) => void = () => {};
  dialed = false;

  dialContext: ContextDialer["dialContext"] = (_network, _address, options) => {
    this.dialed = true;
    this.tell = (event) => options?.onEvent?.(event);
    this.tell({ id: 7, atMs: 0, type: "dial-start", network: "tcp", address: server });
    this.tell({ id: 9, parent: 7, atMs: 0, type: "lookup-start", host: "proxy", family: 4 });
    return new Promise((resolve, reject) => {
      this.answer = resolve;
      this.reject = reject;
    });
  };
}

async function untilDialed(via: DeafDialer): Promise<void> {
  while (!via.dialed) await new Promise(setImmediate);
}

test("a dialer that heeds no abort holds none up, has its steps ended, and is heard no more", async () => {
  for (const late of ["answers", "fails", "is silent"]) {
    const via = new DeafDialer();
    for (const [name, dialer] of overForeign(via)) {
      via.dialed = false;
      const controller = new AbortController();
      const events: DialEvent[] = [];
      const dial = dialer.dialContext("tcp", "peer.example:9", {
        signal: controller.signal,
        onEvent: (event) => events.push(event),
      });
      await untilDialed(via);
      controller.abort("enough");
      assert.equal(await rejectionOf(dial), "enough", name);
      const report = reportFromEvents(events);
      assert.equal(report.outcome, "aborted");
      assert.ok(JSON.stringify(report).includes('"lookup"'), name);
      const { length } = events;
      via.tell({ id: 9, parent: 7, atMs: 5, type: "lookup-end", addresses: [] });
      via.tell({ id: 7, atMs: 5, type: "dial-end" });
      let closed = false;
      if (late === "answers") via.answer({ close: () => void (closed = true) } as Conn);
      if (late === "fails") via.reject(new Error("too late"));
      await new Promise(setImmediate);
      assert.equal(events.length, length, "nothing is told after the end");
      assert.equal(closed, late === "answers", "a late connection is closed");
    }
  }
});

test("a limit ends a dialer that heeds none, and its steps are in the report", async () => {
  for (const [name, dialer] of overForeign(new DeafDialer(), 30).slice(0, 3)) {
    const events: DialEvent[] = [];
    const error = await failureOf(dialer, "peer.example:9", {
      onEvent: (event) => events.push(event),
    });
    assert.equal(error.code, "ETIMEDOUT", name);
    assert.equal(error.phase, "connect", name);
    const told = reportFromEvents(events);
    assert.equal(told.outcome, "failed");
    assert.equal(error.report.children.length, told.children.length, name);
  }
});

test("whatever a dialer throws becomes a DialError that has it as its cause", async () => {
  const thrown = [
    [new Error("no idea"), "ERR_DIAL_FAILED", /no idea$/],
    [Object.assign(new Error("x"), { code: "EHOSTUNREACH" }), "EHOSTUNREACH", /host unreachable$/],
    ["a word", "ERR_DIAL_FAILED", /a word$/],
    [undefined, "ERR_DIAL_FAILED", /undefined$/],
  ] as const;
  for (const [cause, code, message] of thrown) {
    for (const sync of [true, false]) {
      const via = dialerOf(() => {
        if (sync) throw cause;
        return Promise.reject(cause);
      });
      const error = await failureOf(socks5Dialer({ server, via }), "peer.example:9");
      const hop = `socks5h://${server}`;
      assert.deepEqual(summary(error), { code, phase: "connect", hop, blame: "proxy" });
      assert.equal(error.cause, cause);
      assert.match(error.message, message);
    }
  }
});

test("what this machine lacks is no proxy's fault", async () => {
  for (const code of ["EMFILE", "ENOBUFS", "EACCES"]) {
    const via = dialerOf(() => Promise.reject(Object.assign(new Error("x"), { code })));
    const error = await failureOf(socks5Dialer({ server, via }), "peer.example:9");
    assert.deepEqual([error.code, error.blame], [code, undefined]);
  }
});

test("a connection without a report is carried like any other", async () => {
  const echo = await startEcho();
  const socks = await FakeSocks5.listen();
  const system = systemDialer();
  const via = dialerOf(async (network, address, options) => {
    const conn = await system.dialContext(network, address, options);
    return new Proxy(conn, {
      get(target, key) {
        if (key === "report") throw new Error("it has none");
        const value = Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  });
  const dialer = socks5Dialer({ server: socks.address, via });
  const conn = await dialer.dialContext("tcp", echo.address);
  await assertEchoes(conn);
  assert.equal(conn.report.children[0]!.label, `tcp ${socks.address}`);
  conn.close();
  await Promise.all([echo.close(), socks.close()]);
});
