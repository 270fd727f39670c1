import assert from "node:assert/strict";
import { after, test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import {
  composeDialer,
  type Conn,
  type ContextDialer,
  type DialOptions,
  splitHostPort,
} from "../../mod.ts";
import { dialMultiaddr } from "../../src/multiaddr/mod.ts";
import { flowChunks } from "../../src/conn/flow.ts";
import { completeConn, discardConn } from "../../src/conn/foreign_conn.ts";
import {
  checkProxy,
  httpConnectDialer,
  socks4Dialer,
  socks5Dialer,
  withProxyProtocol,
} from "../../src/proxy/mod.ts";
import { loopbackPeers, testDialer } from "../../src/testing/mod.ts";
import { readText } from "../../src/testing/read_all.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";
import { withTls } from "../../src/tls/mod.ts";
import { ca, expired } from "../certs/certificates.ts";
import { dialerOf } from "../fakes/dialer_of.ts";
import { assertEchoes, failureOf } from "../fakes/proxy/dial_outcome.ts";
import { FakeHttpProxy } from "../fakes/proxy/fake_http_proxy.ts";
import { FakeSocks4 } from "../fakes/proxy/fake_socks4.ts";
import { FakeSocks5 } from "../fakes/proxy/fake_socks5.ts";
import { startEcho } from "../fakes/proxy/target.ts";
import { startTlsFront } from "../fakes/proxy/tls_front.ts";
import { runtime } from "../runtime.ts";
import { listenTls } from "../tls/tls_peers.ts";
import { settle } from "../fakes/virtual_clock.ts";
import { PlainDialer } from "../fakes/plain_dialer.ts";

const [echo, socks5, socks4, http] = await Promise.all([
  startEcho(),
  FakeSocks5.listen(),
  FakeSocks4.listen(),
  FakeHttpProxy.listen(),
]);
const tlsEcho = await startTlsFront(echo.port);
after(() => Promise.all([echo, socks5, socks4, http, tlsEcho].map((server) => server.close())));

interface Way {
  readonly name: string;
  readonly dialer: ContextDialer;
  /** What it dials. */
  readonly address: string;
}

/** Every dialer that goes over another one. */
function waysOver(via: ContextDialer): Way[] {
  const { address } = echo;
  const { port } = splitHostPort(address);
  const resolver = { lookup: () => Promise.resolve(["127.0.0.1"]) };
  const socks = socks5Dialer({ server: socks5.address, via });
  const local = socks5Dialer({ server: socks5.address, via, resolve: "local", resolver });
  const dialMa: ContextDialer["dialContext"] = (_network, _address, options) =>
    dialMultiaddr(via, `/ip4/127.0.0.1/tcp/${port}`, options);
  return [
    { name: "socks5Dialer", dialer: socks, address },
    { name: "socks5Dialer, local lookup", dialer: local, address: `echo.test:${port}` },
    { name: "socks4Dialer", dialer: socks4Dialer({ server: socks4.address, via }), address },
    {
      name: "httpConnectDialer",
      dialer: httpConnectDialer({ server: http.address, via }),
      address,
    },
    { name: "a chain", dialer: httpConnectDialer({ server: http.address, via: socks }), address },
    {
      name: "withTls",
      dialer: withTls(via, { ca: ca.cert }),
      address: `127.0.0.1:${tlsEcho.port}`,
    },
    { name: "dialMultiaddr", dialer: dialerOf(dialMa), address },
    {
      name: "composeDialer",
      dialer: composeDialer("pass", via, (dial) => dial.through(via)),
      address,
    },
  ];
}

/** With the header the echo comes back. */
function proxyProtocol(via: ContextDialer): Way {
  const end = { transport: "tcp", hostname: "192.0.2.7", port: 5 } as const;
  const dialer = withProxyProtocol(via, { version: 1, source: end, destination: end });
  return { name: "withProxyProtocol", dialer, address: echo.address };
}

testDialer({
  name: "composeDialer() over plain connections",
  dialer: composeDialer(
    "pass",
    [],
    (() => {
      const plain = new PlainDialer("localAddr", "remoteAddr", "closeWrite");
      return (dial) => dial.through(plain);
    })(),
  ),
  // They know no other way to close.
  unsupported: ["reset"],
});

test("a connection with no more than read, write and close will do for every dialer", async () => {
  const via = new PlainDialer();
  for (const { name, dialer, address } of waysOver(via)) {
    const conn = await dialer.dialContext("tcp", address);
    await assertEchoes(conn);
    assert.equal(conn.report.outcome, "ok", name);
    assert.ok(Array.isArray(conn.hops), name);
    assert.equal(conn.localAddr.transport, "tcp");
    const { port } = splitHostPort(address);
    assert.ok(conn.remoteAddr.transport === "tcp" && conn.remoteAddr.port === port, name);
    for (const call of [conn.setNoDelay, conn.setKeepAlive, conn.unref, conn.ref]) call.call(conn);
    const { closed } = conn;
    conn.close();
    conn.reset();
    await closed;
    while (via.open > 0) await settle();
  }
  const { dialer, address } = proxyProtocol(via);
  const conn = await dialer.dialContext("tcp", address);
  const line = new Uint8Array(64);
  const count = await conn.read(line);
  assert.match(new TextDecoder().decode(line.subarray(0, count!)), /^PROXY TCP4 192/);
  conn.reset();
  assert.equal(via.open, 0);
});

test("hops of a tunnel over a plain connection are the proxies that were dialed", async () => {
  const via = new PlainDialer();
  const hop = ({ port }: { port: number }) => ({ transport: "tcp", hostname: "127.0.0.1", port });
  const socks = socks5Dialer({ server: socks5.address, via });
  const chain = httpConnectDialer({ server: http.address, via: socks });
  const conn = await chain.dialContext("tcp", echo.address);
  assert.deepEqual(conn.hops, [hop(socks5), hop(http)]);
  conn.close();
});

interface DenoConnect {
  connect(options: { hostname: string; port: number }): Promise<Conn>;
}

// Elsewhere a plain object stands in for it.
if (runtime === "deno") {
  test("a connection of Deno.connect will do for every dialer", async () => {
    const { Deno } = globalThis as unknown as { Deno: DenoConnect };
    const via = dialerOf((_network, address) => {
      const { host: hostname, port } = splitHostPort(address);
      return Deno.connect({ hostname, port });
    });
    for (const { name, dialer, address } of waysOver(via)) {
      const conn = await dialer.dialContext("tcp", address);
      await assertEchoes(conn);
      assert.ok(conn.localAddr.transport === "tcp" && conn.localAddr.port > 0, name);
      conn.close();
      conn.close();
    }
    const { dialer, address } = proxyProtocol(via);
    (await dialer.dialContext("tcp", address)).reset();
  });
}

/** Dialers that answer what is no connection, or nothing at all. */
const wrongDialers: [string, ContextDialer, RegExp][] = [
  ["undefined", dialerOf(() => undefined as never), /answered no connection/],
  ["a promise of undefined", dialerOf(() => Promise.resolve(undefined as never)), /no connection/],
  ["an object", dialerOf(() => Promise.resolve({} as Conn)), /answered no connection/],
  [
    "a throw",
    dialerOf(() => {
      throw new Error("thrown at once");
    }),
    /thrown at once/,
  ],
  ["a throw of nothing", dialerOf(() => Promise.reject(undefined)), /undefined/],
];

test("a dialer that answers no connection, or throws, is a DialError of every dialer", async () => {
  for (const [what, via, reason] of wrongDialers) {
    for (const { name, dialer, address } of [...waysOver(via), proxyProtocol(via)]) {
      const error = await failureOf(dialer, address);
      assert.equal(error.code, "ERR_DIAL_FAILED", `${name} over ${what}`);
      assert.match(error.reason, reason, name);
      assert.equal(error.report.outcome, "failed");
    }
  }
});

test("what a dialer does after an abort is no unhandled rejection, whatever it is", async () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => void unhandled.push(reason);
  process.on("unhandledRejection", onUnhandled);
  const conn = (close: () => unknown) => ({ read() {}, write() {}, close }) as unknown as Conn;
  const answers: (() => unknown)[] = [
    () => undefined,
    () => null,
    () => "a word",
    () => Promise.reject(new Error("too late")),
    () => Promise.reject(undefined),
    () =>
      conn(() => {
        throw new Error("no");
      }),
    () => conn(() => Promise.reject(new Error("no"))),
    () => ({
      get close() {
        throw new Error("no");
      },
    }),
  ];
  try {
    for (const answer of answers) {
      let dialed = () => {};
      const via = dialerOf((_network, _address, { signal } = {}) => {
        dialed();
        return new Promise((resolve) => {
          signal!.addEventListener("abort", () => setTimeout(() => resolve(answer() as Conn)));
        });
      });
      for (const { name, dialer, address } of [...waysOver(via), proxyProtocol(via)]) {
        const controller = new AbortController();
        const isDialed = new Promise<void>((resolve) => dialed = resolve);
        const dial = dialer.dialContext("tcp", address, { signal: controller.signal });
        await isDialed;
        controller.abort("enough");
        assert.equal(await rejectionOf(dial), "enough", name);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  } finally {
    process.off("unhandledRejection", onUnhandled);
  }
  assert.deepEqual(unhandled, []);
});

test("a signal that is none is a TypeError of every dialer", async () => {
  const via = new PlainDialer();
  const system: Way = { name: "systemDialer", dialer: systemDialer(), address: echo.address };
  const byName: Way = { ...system, address: `localhost:${echo.port}` };
  for (const { name, dialer, address } of [...waysOver(via), proxyProtocol(via), system, byName]) {
    for (const value of [{ aborted: false }, { aborted: true }, "x", 5, true]) {
      const signal = value as unknown as AbortSignal;
      const error = await rejectionOf(dialer.dialContext("tcp", address, { signal }));
      assert.ok(error instanceof TypeError, `${name}: ${error}`);
      assert.match(error.message, /^signal must be an AbortSignal, not /);
    }
  }
  assert.equal(via.dialed, 0);
});

test("a failed handshake over a connection without report is the certificate's error", async () => {
  const { cert, key } = expired;
  const peer = await listenTls("tcp", { cert, key });
  const via = new PlainDialer();
  const error = await failureOf(withTls(via, { ca: ca.cert }), peer.address);
  assert.deepEqual([error.code, error.phase], ["CERT_HAS_EXPIRED", "tls"]);
  assert.deepEqual(error.report.children.map(({ kind, outcome }) => `${kind} ${outcome}`), [
    ...["dial ok", "handshake failed"],
  ]);
  while (via.open > 0) await settle();
  await peer.close();
});

/** What goes wrong with a connection, and whether a dial can succeed all the same. */
const oddities: [string, (conn: Conn) => object, works: boolean][] = [
  ["close() throws", () => ({
    close() {
      throw new Error("no");
    },
  }), true],
  ["close() rejects", () => ({ close: () => Promise.reject(new Error("no")) }), true],
  ["close() answers a number", () => ({ close: () => 5 }), true],
  ["reset() throws", () => ({
    reset() {
      throw new Error("no");
    },
  }), true],
  [
    "write() answers no promise",
    (conn) => ({ write: (data: Uint8Array) => void conn.write(data) }),
    true,
  ],
  ["write() answers nonsense", (conn) => ({
    write: async (data: Uint8Array) => {
      await conn.write(data);
      return "all";
    },
  }), true],
  ["read() answers no promise", () => ({ read: () => null }), false],
  ["write() throws", () => ({
    write() {
      throw new Error("no");
    },
  }), false],
  ["write() rejects", () => ({ write: () => Promise.reject(new Error("no")) }), false],
  ["read() throws", () => ({
    read() {
      throw new Error("no");
    },
  }), false],
  ["read() rejects", () => ({ read: () => Promise.reject(undefined) }), false],
  ["getters throw", () => {
    const keys = [
      "hops",
      "report",
      "localAddr",
      "remoteAddr",
      "closed",
      "reset",
      "closeWrite",
      "ref",
      "tls",
    ];
    const get = () => {
      throw new Error("no");
    };
    return Object.defineProperties({}, Object.fromEntries(keys.map((key) => [key, { get }])));
  }, true],
  ["fields are nonsense", () => ({
    ...{ hops: 5, report: "x", localAddr: null, remoteAddr: { transport: "udp" }, closed: true },
    ...{ reset: 5, setNoDelay: 5, ref: 5, tls: undefined, readable: null },
  }), true],
];

for (const [what, change, works] of oddities) {
  test(`a connection hangs nothing whose ${what}`, async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", onUnhandled);
    const inner = systemDialer();
    const opened: Conn[] = [];
    const via = dialerOf(async (...args) => {
      const conn = await inner.dialContext(...args);
      opened.push(conn);
      const plain = {
        read: (buffer: Uint8Array) => conn.read(buffer),
        write: (data: Uint8Array) => conn.write(data),
        close: () => conn.close(),
      };
      const changes = Object.getOwnPropertyDescriptors(change(conn));
      return Object.defineProperties(plain, changes) as unknown as Conn;
    });
    await Promise.all(
      waysOver(via).slice(0, 6).map(async ({ name, dialer, address }) => {
        if (works) return await useOnce(await dialer.dialContext("tcp", address));
        const error = await failureOf(dialer, address);
        assert.equal(error.report.outcome, "failed", name);
      }),
    );
    for (const conn of opened) conn.reset();
    await settle();
    process.off("unhandledRejection", onUnhandled);
    assert.deepEqual(unhandled, []);
  });
}

/** Calls all that a connection has, and ends it. */
async function useOnce(conn: Conn): Promise<void> {
  await assertEchoes(conn);
  assert.ok(conn.localAddr !== undefined && Array.isArray(conn.hops));
  for (const call of [conn.setNoDelay, conn.setKeepAlive, conn.unref, conn.ref]) call.call(conn);
  assert.equal(conn.report.outcome, "ok");
  await conn.closeWrite().catch(() => {});
  const { closed } = conn;
  const pending = conn.read(new Uint8Array(8)).catch(() => {});
  conn.reset();
  conn.close();
  await Promise.all([closed, pending]);
}

test("a connection that never answers holds up neither a limit nor an abort", async () => {
  const never = () => new Promise(() => {});
  for (const stuck of ["read", "write"] as const) {
    const inner = new PlainDialer();
    const via = dialerOf(async (...args) => ({
      ...await inner.dialContext(...args),
      [stuck]: never,
    }));
    const limits = [
      socks5Dialer({ server: socks5.address, via, timeoutMs: 30 }),
      httpConnectDialer({ server: http.address, via, timeoutMs: 30 }),
    ];
    for (const dialer of limits) {
      assert.equal((await failureOf(dialer, echo.address)).code, "ETIMEDOUT");
    }
    const ways = waysOver(via).slice(0, 6);
    if (stuck === "write") ways.push(proxyProtocol(via));
    for (const { name, dialer, address } of ways) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(null), 30);
      const { signal } = controller;
      assert.equal(await rejectionOf(dialer.dialContext("tcp", address, { signal })), null, name);
    }
    while (inner.open > 0) await settle();
  }
});

test("close() rejects what a connection never answers with ERR_CONN_CLOSED", async () => {
  const never = () => new Promise(() => {});
  const foreign = { read: never, write: never, closeWrite: never, close() {} };
  const via = dialerOf(() => Promise.resolve(foreign as unknown as Conn));
  const pass = composeDialer("pass", via, (dial) => dial.through(via));
  const conn = await pass.dialContext("tcp", "192.0.2.1:9");
  const bytes = new Uint8Array(8);
  const calls = [conn.read(bytes), conn.read(bytes), conn.write(bytes), conn.write(bytes)];
  const pending = [...calls, conn.closeWrite()].map(rejectionOf);
  await settle();
  conn.close();
  for (const error of await Promise.all(pending)) {
    assert.equal((error as { code?: unknown }).code, "ERR_CONN_CLOSED");
  }
});

test("checkProxy() closes a connection that has no reset", async () => {
  const via = new PlainDialer();
  for (const level of ["tcp", "handshake", "tunnel"] as const) {
    const dialer = socks5Dialer({ server: socks5.address, via });
    const result = await checkProxy(
      dialer,
      {
        ...{ level },
        ...(level === "tunnel" && { target: echo.address }),
      } as Parameters<typeof checkProxy>[1],
    );
    assert.equal(result.ok, true, level);
    while (via.open > 0) await settle();
  }
  assert.ok(via.dialed >= 3);
});

test("what else a foreign connection has survives: fields, getters and methods", async () => {
  const symbol = Symbol("mine");
  class Base {
    #secret = 7;
    inherited(): number {
      return this.#secret;
    }
  }
  class Mine extends Base {
    asked = 0;
    tls = { protocol: "TLSv1.3" };
    [symbol] = 5;
    get later(): number {
      return ++this.asked;
    }
    read = () => Promise.resolve(null);
    write = (data: Uint8Array) => Promise.resolve(data.byteLength);
    close() {}
  }
  const mine = new Mine();
  const via = dialerOf(() => Promise.resolve(mine as unknown as Conn));
  const pass = composeDialer("pass", via, (dial) => dial.through(via));
  const dialing = composeDialer("pass", pass, (dial) => dial.through(pass));
  const conn = await dialing.dialContext("tcp", "192.0.2.1:9") as unknown as Mine;
  assert.equal(mine.asked, 0, "getters are not called before they are asked for");
  assert.equal(conn.tls, mine.tls);
  assert.deepEqual([conn[symbol], conn.inherited(), conn.later, conn.later], [5, 7, 1, 2]);
  assert.equal("pipeTo" in conn, false);
});

test("what stands in for a connection of ours sees every byte", async () => {
  const peer = await loopbackPeers().listen("tcp");
  const inner = systemDialer();
  let [received, sent] = [0, 0];
  const counting = composeDialer("count", inner, async (dial) => {
    const conn = await dial.through(inner);
    dial.keep(conn);
    return new Proxy(conn, {
      get(target, key) {
        if (key === "read") {
          return async (buffer: Uint8Array) => {
            const count = await target.read(buffer);
            received += count ?? 0;
            return count;
          };
        }
        if (key === "write") {
          return (data: Uint8Array) => {
            sent += data.byteLength;
            return target.write(data);
          };
        }
        const value = Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  });
  const conn = await counting.dialContext("tcp", peer.address);
  const other = await peer.accept();
  const writer = conn.writable.getWriter();
  await writer.write(new Uint8Array(5));
  await other.write(new Uint8Array(9));
  await other.closeWrite();
  await new Promise<void>((resolve, reject) => {
    const chunk = () => true;
    flowChunks(conn, { chunk, end: resolve, failed: reject }).resume();
  });
  assert.deepEqual([received, sent], [9, 5]);
  await writer.close();
  assert.equal((await readText(other)).length, 5);
  conn.close();
  await peer.close();
});

test("a connection without a report has one all the same, also within the dial", async () => {
  const via = new PlainDialer();
  let inner: unknown;
  const dialer = composeDialer("x", via, async (dial) => {
    const conn = await dial.through(via);
    inner = conn.report;
    return conn;
  });
  const conn = await dialer.dialContext("tcp", echo.address);
  assert.deepEqual(inner, {
    ...{ kind: "dial", label: `tcp ${echo.address}`, outcome: "ok" },
    ...{ startMs: 0, durationMs: 0, children: [] },
  });
  const [step] = conn.report.children;
  assert.ok(step!.durationMs > 0, "the step has its own times");
  conn.close();
});

test("completeConn() makes up the addresses from what was dialed", () => {
  const plain = () => ({ read() {}, write() {}, close() {} }) as unknown as Conn;
  const conn = completeConn(plain(), "tcp", "[fe80::1%eth0]:9")!;
  assert.equal(completeConn(conn, "tcp", "x:1"), conn);
  assert.deepEqual(conn.remoteAddr, { transport: "tcp", hostname: "fe80::1%eth0", port: 9 });
  assert.deepEqual(conn.localAddr, { transport: "tcp", hostname: "", port: 0 });
  const unix = completeConn(plain(), "unix", "/run/x")!;
  assert.deepEqual([unix.localAddr, unix.remoteAddr], [
    { transport: "unix", path: "" },
    { transport: "unix", path: "/run/x" },
  ]);
  const unreadable = completeConn(plain(), "tcp", "no port")!;
  assert.deepEqual(unreadable.remoteAddr, { transport: "tcp", hostname: "", port: 0 });
  for (const value of [undefined, null, 5, "x", {}, { read() {}, close() {} }, () => {}]) {
    assert.equal(completeConn(value, "tcp", "x:1"), undefined);
    assert.doesNotThrow(() => discardConn(value));
  }
});

test("dialContext() takes options of undefined and null", async () => {
  for (const { dialer, address } of waysOver(new PlainDialer())) {
    for (
      const options of [undefined, null, { signal: undefined }, { signal: null, onEvent: null }]
    ) {
      const conn = await dialer.dialContext("tcp", address, options as DialOptions);
      conn.close();
    }
  }
});
