import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { test } from "node:test";
import { multiaddr } from "@multiformats/multiaddr";
import {
  type Conn,
  type ContextDialer,
  DialError,
  type DialEvent,
  type DialOptions,
  type DialReport,
  systemDialer,
} from "../../mod.ts";
import { dialMultiaddr } from "../../src/multiaddr/mod.ts";
import { dialerOf } from "../fakes/dialer_of.ts";

const peer = "12D3KooWSpYwvtSsHyJ3YrHGGJNE7w54Apne9aAyrKJdUQLLSqMd";

async function listen(host = "127.0.0.1"): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.on("error", () => {}).end("hello"));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return { server, port: (server.address() as { port: number }).port };
}

async function failure(dial: Promise<Conn>): Promise<DialError> {
  const error = await dial.then(() => assert.fail("it connected"), (error) => error);
  assert.ok(error instanceof DialError, String(error));
  return error;
}

/** A dialer that records its calls and never connects, but ends when it is told to. */
function pendingDialer(): { dialer: ContextDialer; calls: [string, string, DialOptions][] } {
  const calls: [string, string, DialOptions][] = [];
  const dialer = dialerOf((network, address, options = {}) => {
    calls.push([network, address, options]);
    return new Promise((_, reject) => {
      options.signal!.addEventListener("abort", () => reject(options.signal!.reason));
    });
  });
  return { dialer, calls };
}

function findNode(report: DialReport, label: string): DialReport | undefined {
  if (report.label === label) return report;
  for (const child of report.children) {
    const found = findNode(child, label);
    if (found !== undefined) return found;
  }
  return undefined;
}

test("dialMultiaddr() connects, and reports the dial within the multiaddr's", async () => {
  const { server, port } = await listen();
  const ma = `/ip4/127.0.0.1/tcp/${port}/p2p/${peer}`;
  const events: DialEvent[] = [];
  const conn = await dialMultiaddr(systemDialer(), ma, { onEvent: (event) => events.push(event) });
  assert.deepEqual(conn.remoteAddr, { transport: "tcp", hostname: "127.0.0.1", port });
  const buffer = new Uint8Array(16);
  assert.equal(await conn.read(buffer), 5);
  conn.close();
  server.close();

  const { report } = conn;
  assert.equal(report.label, ma);
  assert.equal(report.outcome, "ok");
  assert.deepEqual(report.children.map(({ kind, label }) => [kind, label]), [
    ["dial", `tcp4 127.0.0.1:${port}`],
  ]);
  assert.equal(report.children[0]!.children[0]!.outcome, "ok");
  assert.deepEqual(events.map(({ type, id, parent }) => [type, id, parent]), [
    ["dial-start", 1, undefined],
    ["dial-start", 2, 1],
    ["attempt-start", 3, 2],
    ["attempt-end", 3, 2],
    ["dial-end", 2, 1],
    ["dial-end", 1, undefined],
  ]);
});

test("dialMultiaddr() hands the multiaddr and unknown options on to the dialer", async () => {
  const { dialer, calls } = pendingDialer();
  const controller = new AbortController();
  const ma = multiaddr(`/dns6/peer.example/tcp/4001/p2p/${peer}`);
  const options = { signal: controller.signal, extra: 1 };
  const dial = dialMultiaddr(() => Promise.resolve(dialer), ma, options);
  while (calls.length === 0) await Promise.resolve();
  controller.abort();
  await assert.rejects(dial);
  const [network, address, given] = calls[0]!;
  assert.deepEqual([network, address], ["tcp6", "peer.example:4001"]);
  assert.equal(given.remoteMultiaddr, ma);
  assert.equal((given as { extra?: number }).extra, 1);
});

test("dialMultiaddr() never connects /dns6 over IPv4", async () => {
  const { server, port } = await listen();
  const resolver = {
    lookup: (_: string, { family }: { family: 4 | 6 }) =>
      Promise.resolve(family === 4 ? ["127.0.0.1"] : []),
  };
  const dialer = systemDialer({ resolver });
  const error = await failure(dialMultiaddr(dialer, `/dns6/peer.example/tcp/${port}`));
  assert.equal(error.code, "ENOTFOUND");
  assert.equal(error.phase, "resolve");
  const literal = await failure(dialMultiaddr(dialer, `/dns6/127.0.0.1/tcp/${port}`));
  assert.equal(literal.code, "ERR_DIAL_ADDRESS");
  (await dialMultiaddr(dialer, `/dns/peer.example/tcp/${port}`)).close();
  server.close();
});

test("dialMultiaddr() rejects what cannot be dialed, and asks no dialer", async () => {
  const choose = () => assert.fail("it was asked");
  const error = await failure(dialMultiaddr(choose, "/ip4/192.0.2.1/udp/1/quic-v1"));
  assert.equal(error.code, "ERR_DIAL_MULTIADDR");
  assert.equal(error.phase, "address");
  assert.match(error.message, /\/ip4\/192\.0\.2\.1\/udp\/1\/quic-v1: "udp" is not supported/);
  assert.equal(error.report.outcome, "failed");
  const unreadable = await failure(dialMultiaddr(choose, "/nonsense/1"));
  assert.equal(unreadable.code, "ERR_DIAL_MULTIADDR");
  assert.ok(unreadable.cause instanceof Error);
});

test("dialMultiaddr() passes a dialer's failure on, with the whole report", async () => {
  const { server, port } = await listen();
  await new Promise((resolve) => server.close(resolve));
  const error = await failure(dialMultiaddr(systemDialer(), `/ip4/127.0.0.1/tcp/${port}`));
  assert.equal(error.code, "ECONNREFUSED");
  assert.equal(error.phase, "connect");
  assert.equal(error.message, `Cannot dial tcp4 127.0.0.1:${port}: connection refused`);
  assert.equal(error.report.label, `/ip4/127.0.0.1/tcp/${port}`);
  assert.equal(findNode(error.report, `127.0.0.1:${port}`)!.outcome, "failed");
});

test("dialMultiaddr() makes a DialError of whatever a dialer throws", async () => {
  const cause = Object.assign(new Error("no"), { code: "EHOSTUNREACH" });
  const dialer = dialerOf(() => {
    throw cause;
  });
  const error = await failure(dialMultiaddr(dialer, "/ip4/192.0.2.1/tcp/1"));
  assert.equal(error.code, "EHOSTUNREACH");
  assert.equal(error.cause, cause);
  const silent = dialerOf(() => Promise.resolve(undefined as unknown as Conn));
  assert.equal(
    (await failure(dialMultiaddr(silent, "/ip4/192.0.2.1/tcp/1"))).code,
    "ERR_DIAL_FAILED",
  );
});

test("dialMultiaddr() asks the function for each dial, and refuses an answer that cannot dial", async () => {
  const asked: string[] = [];
  for (const answer of [undefined, null, {}, Promise.resolve(undefined)]) {
    const error = await failure(dialMultiaddr((ma) => {
      asked.push(String(ma));
      return answer as unknown as ContextDialer;
    }, "/ip4/192.0.2.1/tcp/1"));
    assert.equal(error.code, "ERR_DIAL_NO_DIALER");
    assert.equal(error.phase, "route");
  }
  assert.deepEqual(asked, Array(4).fill("/ip4/192.0.2.1/tcp/1"));
  const cause = new Error("no route");
  const thrown = await failure(dialMultiaddr(() => Promise.reject(cause), "/ip4/192.0.2.1/tcp/1"));
  assert.equal(thrown.code, "ERR_DIAL_NO_DIALER");
  assert.equal(thrown.cause, cause);
  assert.match(thrown.message, /no route/);
});

test("dialMultiaddr() refuses a dialer and a resolver that are none", async () => {
  for (const dialer of [undefined, {}, 1]) {
    await assert.rejects(
      dialMultiaddr(dialer as unknown as ContextDialer, "/ip4/192.0.2.1/tcp/1"),
      TypeError,
    );
  }
  const txtResolver = {} as { resolveTxt: () => Promise<string[]> };
  await assert.rejects(
    dialMultiaddr(systemDialer(), "/ip4/192.0.2.1/tcp/1", { txtResolver }),
    TypeError,
  );
});

test("dialMultiaddr() touches nothing when the signal has aborted already", async () => {
  const reason = { why: "enough" };
  const touch = () => assert.fail("it was touched");
  const options = {
    signal: AbortSignal.abort(reason),
    onEvent: touch,
    txtResolver: { resolveTxt: touch },
  };
  for (const ma of ["/ip4/192.0.2.1/tcp/1", "/dnsaddr/peer.example", "/nonsense"]) {
    await assert.rejects(dialMultiaddr(touch, ma, options), (error) => error === reason);
  }
});

test("dialMultiaddr() rejects with the signal's reason while a dialer is being chosen", async () => {
  const controller = new AbortController();
  const reason = { why: "enough" };
  const dial = dialMultiaddr(() => new Promise(() => {}), "/ip4/192.0.2.1/tcp/1", controller);
  controller.abort(reason);
  await assert.rejects(dial, (error) => error === reason);
});

test("dialMultiaddr() closes a connection that a deaf dialer makes after the abort", async () => {
  const { server, port } = await listen();
  const late = deferred<Conn>();
  const controller = new AbortController();
  const reason = { why: "enough" };
  const dialer = dialerOf(async (network, address) => {
    controller.abort(reason);
    const conn = await systemDialer().dialContext(network, address);
    late.resolve(conn);
    return conn;
  });
  const dial = dialMultiaddr(dialer, `/ip4/127.0.0.1/tcp/${port}`, controller);
  await assert.rejects(dial, (error) => error === reason);
  const conn = await late.promise;
  await assert.rejects(async () => {
    // Closed within the turns that the promise takes to settle.
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    await conn.read(new Uint8Array(1));
  }, { code: "ERR_CONN_CLOSED" });
  server.close();
});

test("dialMultiaddr() leaves the connection alone when the signal aborts later", async () => {
  const { server, port } = await listen();
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (
    ...args: Parameters<typeof remove>
  ) => (listeners--, remove(...args));
  const conn = await dialMultiaddr(systemDialer(), `/ip4/127.0.0.1/tcp/${port}`, { signal });
  assert.equal(listeners, 0);
  controller.abort();
  assert.equal(await conn.read(new Uint8Array(16)), 5);
  conn.close();
  server.close();
});

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => resolve = settle);
  return { promise, resolve };
}
