import assert from "node:assert/strict";
import { after, test } from "node:test";
import { systemDialer } from "../../../adapters/system.ts";
import type { Conn } from "../../../src/core/conn.ts";
import { composeDialer } from "../../../src/dial/compose_dialer.ts";
import type { Resolver } from "../../../src/resolver/resolver.ts";
import {
  checkProxy,
  httpConnectDialer,
  type ProxyCheck,
  type ProxyCheckLevel,
  socks4Dialer,
  socks5Dialer,
} from "../../../src/proxy/mod.ts";
import { WatchedSignal } from "../../../src/testing/watched_signal.ts";
import { FakeHttpProxy } from "../../fakes/proxy/fake_http_proxy.ts";
import { FakeSocks4 } from "../../fakes/proxy/fake_socks4.ts";
import { FakeSocks5, type FakeSocks5Options } from "../../fakes/proxy/fake_socks5.ts";
import { startEcho } from "../../fakes/proxy/target.ts";
import { dialerOf } from "../../fakes/dialer_of.ts";

const echo = await startEcho();
after(() => echo.close());
const login = { username: "alice", password: "secret" };
const target = echo.address;

function verdict({ ok, works, blame, error }: ProxyCheck): unknown[] {
  return [ok, works, blame, error?.code];
}

/** The phases that took a time, which must make sense. */
function phases(check: ProxyCheck): string[] {
  const times = ["tcpMs", "handshakeMs", "tunnelMs"] as const;
  const taken = times.filter((name) => check[name] !== undefined);
  const sum = taken.reduce((sum, name) => sum + check[name]!, 0);
  assert.ok(taken.every((name) => check[name]! >= 0));
  assert.ok(sum <= check.durationMs + 1, `${sum} of ${check.durationMs}`);
  return taken;
}

test("checkProxy() finds a proxy that works working, at every level", async () => {
  const socks5 = await FakeSocks5.listen({ login });
  const socks4 = await FakeSocks4.listen();
  const http = await FakeHttpProxy.listen({ login: "alice:secret" });
  const expected = {
    socks5: [["tcpMs"], ["tcpMs", "handshakeMs"], ["tcpMs", "handshakeMs", "tunnelMs"]],
    other: [["tcpMs"], ["tcpMs", "tunnelMs"], ["tcpMs", "tunnelMs"]],
  };
  for (
    const [dialer, times] of [
      [socks5Dialer({ server: socks5.address, credentials: login }), expected.socks5],
      [
        socks5Dialer({ server: socks5.address, credentials: () => login, resolve: "local" }),
        expected.socks5,
      ],
      [socks4Dialer({ server: socks4.address }), expected.other],
      [httpConnectDialer({ server: http.address, credentials: login }), expected.other],
    ] as const
  ) {
    for (const [index, level] of (["tcp", "handshake", "tunnel"] as const).entries()) {
      const check = await checkProxy(dialer, { level, target });
      assert.deepEqual(verdict(check), [true, level, undefined, undefined], `${dialer} ${level}`);
      assert.equal(check.level, level);
      assert.deepEqual(phases(check), times[index]);
    }
  }
  const asked = socks5.requests.length;
  await checkProxy(socks5Dialer({ server: socks5.address, credentials: login }), {
    level: "handshake",
  });
  assert.equal(socks5.requests.length, asked, "no target is asked for");
  await Promise.all([socks5, socks4, http].map((server) => server.idle()));
  await Promise.all([socks5, socks4, http].map((server) => server.close()));
});

test("checkProxy() without a target looks nothing up, where names are looked up here", async () => {
  const socks5 = await FakeSocks5.listen();
  const socks4 = await FakeSocks4.listen();
  const lookups: string[] = [];
  const resolver: Resolver = {
    lookup: (host) => {
      lookups.push(host);
      return Promise.resolve([]);
    },
  };
  for (
    const dialer of [
      socks5Dialer({ server: socks5.address, resolve: "local", resolver }),
      socks4Dialer({ server: socks4.address, resolve: "local", resolver }),
    ]
  ) {
    for (const level of ["tcp", "handshake"] as const) {
      const check = await checkProxy(dialer, { level });
      assert.deepEqual(verdict(check), [true, level, undefined, undefined], `${dialer} ${level}`);
    }
  }
  assert.deepEqual(lookups, []);
  assert.equal(socks5.requests.length, 0, "no target is asked for");
  await Promise.all([socks5, socks4].map((server) => server.idle()));
  await Promise.all([socks5, socks4].map((server) => server.close()));
});

test("checkProxy() says what is missing", async () => {
  const dialer = socks5Dialer({ server: "127.0.0.1:1" });
  await assert.rejects(checkProxy(dialer, undefined as never), {
    name: "TypeError",
    message: "The options of checkProxy must be an object, not undefined",
  });
  const url = "socks5h://alice:secret@127.0.0.1:1";
  await assert.rejects(checkProxy(url as never, { level: "tcp" }), {
    name: "TypeError",
    message: "Cannot check a string: it has no dialContext method",
  });
});

test("checkProxy() tells a proxy that is down from wrong credentials and from a target that is down", async () => {
  const socks5 = await FakeSocks5.listen({ login });
  const http = await FakeHttpProxy.listen({ login: "alice:secret" });
  const wrong = { ...login, password: "expired" };
  const refused = "127.0.0.1:1";
  const check = async (
    make: typeof socks5Dialer | typeof httpConnectDialer,
    server: string,
    credentials: typeof login,
    level: ProxyCheckLevel,
    target = refused,
  ) => verdict(await checkProxy(make({ server, credentials }), { level, target }));
  for (const [make, { address }] of [[socks5Dialer, socks5], [httpConnectDialer, http]] as const) {
    for (const level of ["tcp", "handshake", "tunnel"] as const) {
      const down = await check(make, refused, login, level);
      assert.deepEqual(down, [false, undefined, "proxy", "ECONNREFUSED"]);
    }
    assert.deepEqual(await check(make, address, wrong, "tcp"), [true, "tcp", undefined, undefined]);
    for (const level of ["handshake", "tunnel"] as const) {
      const denied = await check(make, address, wrong, level);
      assert.deepEqual(denied, [false, "tcp", "proxy", "ERR_PROXY_AUTH_FAILED"]);
    }
    const handshake = await check(make, address, login, "handshake");
    assert.deepEqual(handshake, [true, "handshake", undefined, undefined]);
    const tunnel = await check(make, address, login, "tunnel");
    assert.deepEqual(tunnel, [false, "handshake", "target", "ERR_PROXY_TARGET_REFUSED"]);
  }
  await Promise.all([socks5.close(), http.close()]);
});

test("checkProxy() has a limit of its own, and blames what is silent", async () => {
  const cases: [FakeSocks5 | FakeHttpProxy, ProxyCheckLevel, unknown[]][] = [
    [await FakeSocks5.listen({ stallsAfter: "greeting" }), "handshake", ["tcp", "proxy"]],
    [await FakeSocks5.listen({ stallsAfter: "request" }), "handshake", ["handshake", undefined]],
    [await FakeSocks5.listen({ stallsAfter: "request" }), "tunnel", ["handshake", "target"]],
    [await FakeHttpProxy.listen({ silent: true }), "tcp", ["tcp", undefined]],
    // Whatever it waits for: that the target cannot be reached would be an answer.
    [await FakeHttpProxy.listen({ silent: true }), "handshake", ["tcp", "proxy"]],
    [await FakeHttpProxy.listen({ silent: true }), "tunnel", ["tcp", "target"]],
  ];
  for (const [server, level, [works, blame]] of cases) {
    const make = server instanceof FakeSocks5 ? socks5Dialer : httpConnectDialer;
    const check = await checkProxy(make({ server: server.address }), {
      level,
      target,
      timeoutMs: 80,
    });
    const ok = blame === undefined;
    assert.deepEqual(verdict(check), [ok, works, blame, ok ? undefined : "ETIMEDOUT"]);
    await server.idle();
    await server.close();
  }
});

test("checkProxy() blames nobody where a proxy hangs up on the target, and says what works", async () => {
  const socks5 = await FakeSocks5.listen({ login, closesAfter: "request" });
  const socks4 = await FakeSocks4.listen({ closesAfterBytes: 0 });
  const http = await FakeHttpProxy.listen({ closes: true });
  const broken = await FakeSocks4.listen({ closesAfterBytes: 1 });
  const of5 = socks5Dialer({ server: socks5.address, credentials: login });
  const of4 = socks4Dialer({ server: socks4.address });
  const ofHttp = httpConnectDialer({ server: http.address });
  const ofBroken = socks4Dialer({ server: broken.address });
  const closed = "ERR_PROXY_CLOSED";
  for (
    const [dialer, level, expected] of [
      [of5, "handshake", [true, "handshake", undefined, undefined]],
      [of5, "tunnel", [false, "handshake", undefined, closed]],
      [of4, "handshake", [false, "tcp", undefined, closed]],
      [of4, "tunnel", [false, "tcp", undefined, closed]],
      [ofHttp, "tcp", [true, "tcp", undefined, undefined]],
      [ofHttp, "handshake", [false, "tcp", undefined, closed]],
      [ofHttp, "tunnel", [false, "tcp", undefined, closed]],
      [ofBroken, "tunnel", [false, "tcp", "proxy", closed]],
      // In a chain it hangs up on the next proxy, which the target has no part in.
      [
        socks5Dialer({ server: socks5.address, via: ofHttp }),
        "tunnel",
        [false, undefined, "proxy", closed],
      ],
    ] as const
  ) {
    assert.deepEqual(verdict(await checkProxy(dialer, { level, target })), expected, level);
  }
  await Promise.all([socks5, socks4, http, broken].map((server) => server.close()));
});

test("checkProxy() counts a flight that was not taken, and all addresses, as handshake and not as TCP", async () => {
  const flight = await FakeSocks5.listen({ login, dropsTheRest: true });
  const dialer = socks5Dialer({
    ...{ server: flight.address, credentials: login, via: systemDialer() },
  });
  const check = await checkProxy(dialer, { level: "tunnel", target });
  assert.equal(check.ok, true);
  assert.equal(flight.connections, 2);
  assert.deepEqual(phases(check), ["tcpMs", "handshakeMs", "tunnelMs"]);
  assert.ok(check.handshakeMs! >= 95, `handshake ${check.handshakeMs}`);
  assert.ok(check.tcpMs! < 95, `tcp ${check.tcpMs}`);
  // The second address is asked for after the answer about the first.
  const slow = await FakeSocks5.listen({ replyAfterMs: 100 });
  const resolver: Resolver = {
    lookup: (_, { family }) => Promise.resolve([family === 4 ? "127.0.0.1" : "::1"]),
  };
  const local = socks5Dialer({ server: slow.address, resolve: "local", resolver });
  const both = await checkProxy(local, { level: "tunnel", target: `peer.example:${echo.port}` });
  assert.equal(both.ok, true);
  assert.equal(slow.connections, 2);
  assert.deepEqual(phases(both), ["tcpMs", "handshakeMs", "tunnelMs"]);
  assert.ok(both.tunnelMs! >= 190 && both.tcpMs! < 95, `${both.tcpMs} ${both.tunnelMs}`);
  await Promise.all([flight.close(), slow.close()]);
});

test("checkProxy() tells no time of a request that was not answered, after one that was", async () => {
  const options: FakeSocks5Options = { ipv6Reply: 5 };
  const server = await FakeSocks5.listen(options);
  const resolver: Resolver = {
    lookup: (_, { family }) => Promise.resolve([family === 4 ? "127.0.0.1" : "::1"]),
  };
  const dialer = socks5Dialer({ server: server.address, resolve: "local", resolver });
  const check = await checkProxy(dialer, {
    ...{ level: "tunnel", target: `peer.example:${echo.port}`, timeoutMs: 200 },
    onEvent: ({ type }) => void (type === "handshake-end" && (options.stallsAfter = "request")),
  });
  assert.deepEqual(verdict(check), [false, "handshake", "target", "ETIMEDOUT"]);
  assert.deepEqual(phases(check), ["tcpMs", "handshakeMs"]);
  await server.idle();
  await server.close();
});

test("checkProxy() does not call a proxy working that checks the password at the request", async () => {
  // As 3proxy: each greeting and any credentials are answered well.
  const server = await FakeSocks5.listen({ login, checksAtRequest: true });
  const of = (credentials?: typeof login) => socks5Dialer({ server: server.address, credentials });
  const wrong = of({ ...login, password: "expired" });
  const notAllowed = [false, "tcp", undefined, "ERR_PROXY_TARGET_NOT_ALLOWED"];
  for (const level of ["handshake", "tunnel"] as const) {
    const check = await checkProxy(wrong, { level, target });
    assert.deepEqual(verdict(check), notAllowed, level);
    assert.equal(check.handshakeMs, undefined);
    const right = await checkProxy(of(login), { level, target });
    assert.deepEqual(verdict(right), [true, level, undefined, undefined]);
    assert.ok(right.handshakeMs !== undefined);
  }
  assert.deepEqual(verdict(await checkProxy(wrong, { level: "handshake" })), notAllowed);
  assert.deepEqual(verdict(await checkProxy(wrong, { level: "tcp" })), [
    ...[true, "tcp", undefined, undefined],
  ]);
  assert.deepEqual(verdict(await checkProxy(of(), { level: "tunnel", target })), notAllowed);
  // What isolates is no password, and is not checked.
  const asked = server.requests.length;
  const isolated = socks5Dialer({ server: server.address, isolation: "dial" });
  assert.equal((await checkProxy(isolated, { level: "handshake" })).ok, true);
  assert.equal(server.requests.length, asked);
  // Up to the handshake a target that is down does not matter, here neither.
  const down = await checkProxy(of(login), { level: "handshake", target: "127.0.0.1:1" });
  assert.deepEqual(verdict(down), [true, "handshake", undefined, undefined]);
  await server.idle();
  await server.close();
});

test("checkProxy() reads a refusal as not allowed behind a dialer of several proxies, too", async () => {
  const server = await FakeSocks5.listen({ reply: 2 });
  const one = socks5Dialer({ server: server.address });
  const other = socks5Dialer({ server: "127.0.0.1:1" });
  const either = composeDialer("either", [one, other], (dial) => dial.through(one));
  const check = await checkProxy(either, { level: "tunnel", target });
  assert.deepEqual(verdict(check), [false, "tcp", undefined, "ERR_PROXY_TARGET_NOT_ALLOWED"]);
  assert.equal(server.connections, 1);
  await checkProxy(one, { level: "tunnel", target });
  assert.equal(server.connections, 2, "there are no credentials to be in doubt about");
  await server.close();
});

test("checkProxy() says of a proxy that requires credentials, and of its rules, what it did", async () => {
  const options: FakeSocks5Options = { login, reply: 2 };
  const server = await FakeSocks5.listen(options);
  const dialer = socks5Dialer({ server: server.address, credentials: login });
  const forbidden = await checkProxy(dialer, { level: "tunnel", target });
  assert.deepEqual(verdict(forbidden), [
    ...[false, "handshake", "target", "ERR_PROXY_TARGET_NOT_ALLOWED"],
  ]);
  assert.ok(forbidden.handshakeMs !== undefined);
  await server.idle();
  await server.close();
});

test("checkProxy() names the hop of a chain that is to blame", async () => {
  const http = await FakeHttpProxy.listen();
  const via = httpConnectDialer({ server: http.address });
  const chain = socks5Dialer({ server: "127.0.0.1:1", via });
  const check = await checkProxy(chain, { level: "tunnel", target });
  assert.deepEqual(verdict(check), [false, undefined, "proxy", "ERR_PROXY_TARGET_REFUSED"]);
  assert.equal(check.error!.hop, "socks5h://127.0.0.1:1");
  await http.close();
});

test("checkProxy() checks a tunnel of any dialer, and nothing else of it", async () => {
  const check = await checkProxy(systemDialer(), { level: "tunnel", target });
  assert.deepEqual(verdict(check), [true, "tunnel", undefined, undefined]);
  const refused = await checkProxy(systemDialer(), { level: "tunnel", target: "127.0.0.1:1" });
  assert.deepEqual(verdict(refused), [false, undefined, undefined, "ECONNREFUSED"]);
  const silent = dialerOf(() => new Promise(() => {}));
  const stuck = await checkProxy(silent, { level: "tunnel", target, timeoutMs: 30 });
  assert.deepEqual(verdict(stuck), [false, undefined, undefined, "ETIMEDOUT"]);
  const thrown = dialerOf(() => Promise.reject(new Error("no idea")));
  const foreign = await checkProxy(thrown, { level: "tunnel", target });
  assert.deepEqual(verdict(foreign), [false, undefined, undefined, "ERR_DIAL_FAILED"]);
  await assert.rejects(checkProxy(systemDialer(), { level: "tcp" }), TypeError);
});

test("checkProxy() closes a connection of another dialer that has no reset", async () => {
  const server = await FakeSocks5.listen();
  for (const how of ["closes", "throws", "rejects"]) {
    let dialed = 0;
    let closed = 0;
    const via = dialerOf(async (...args) => {
      dialed++;
      const conn = await systemDialer().dialContext(...args);
      return {
        read: (buffer: Uint8Array) => conn.read(buffer),
        write: (data: Uint8Array) => conn.write(data),
        close() {
          closed++;
          conn.close();
          if (how === "throws") throw new Error("closed already");
          if (how === "rejects") return Promise.reject(new Error("closed already"));
        },
      } as Conn;
    });
    const proxy = socks5Dialer({ server: server.address, via });
    for (
      const [dialer, level] of [
        [via, "tunnel"],
        [proxy, "tcp"],
        [proxy, "handshake"],
        [proxy, "tunnel"],
      ] as const
    ) {
      dialed = closed = 0;
      const check = await checkProxy(dialer, { level, target });
      assert.equal(check.ok, true, `${level}: ${check.error}`);
      assert.deepEqual([dialed, closed], [1, 1], `${level} ${how}`);
    }
    await server.idle();
  }
  await server.close();
});

test("checkProxy() rejects with the reason of an abort, and with misuse", async () => {
  const server = await FakeSocks5.listen({ stallsAfter: "greeting" });
  const dialer = socks5Dialer({ server: server.address });
  for (const checked of [dialer, dialerOf(() => new Promise(() => {}))]) {
    const watched = new WatchedSignal();
    const check = checkProxy(checked, { level: "tunnel", target, signal: watched.signal });
    setTimeout(() => watched.abort("enough"), 20);
    assert.equal(await check.catch((reason) => reason), "enough");
    assert.equal(watched.listeners, 0);
  }
  const aborted = checkProxy(dialer, { level: "tcp", signal: AbortSignal.abort("before") });
  assert.equal(await aborted.catch((reason) => reason), "before");
  await server.idle();
  await server.close();
  for (
    const [options, message] of [
      [{ level: "all" }, /^level must be/],
      [{ level: "tunnel" }, /^target is missing/],
      [{ level: "tunnel", target: "peer" }, /^target is unusable: missing port/],
      [{ level: "tcp", timeoutMs: 0 }, /^timeoutMs must be/],
    ] as const
  ) {
    await assert.rejects(checkProxy(dialer, options as never), { message });
  }
});
