import assert from "node:assert/strict";
import { after, test } from "node:test";
import { systemDialer } from "../../../adapters/system.ts";
import type { Resolver } from "../../../src/resolver/resolver.ts";
import { socks5Dialer } from "../../../src/proxy/mod.ts";
import { rejectionOf } from "../../../src/testing/reason_of.ts";
import { WatchedSignal } from "../../../src/testing/watched_signal.ts";
import { assertEchoes, failureOf, summary } from "../../fakes/proxy/dial_outcome.ts";
import { FakeSocks5, type FakeSocks5Options } from "../../fakes/proxy/fake_socks5.ts";
import { startEcho } from "../../fakes/proxy/target.ts";

const echo = await startEcho();
after(() => echo.close());

type Addresses = Partial<Record<4 | 6, readonly string[] | Error>>;

class FixedResolver implements Resolver {
  readonly asked: string[] = [];
  readonly #addresses: Addresses;

  constructor(addresses: Addresses) {
    this.#addresses = addresses;
  }

  lookup(host: string, { family }: { family: 4 | 6 }): Promise<readonly string[]> {
    this.asked.push(`${host} ${family}`);
    const answer = this.#addresses[family] ?? [];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  }
}

function failing(code: string): () => Promise<never> {
  return () => Promise.reject(Object.assign(new Error("no"), { code }));
}

async function withServer(
  options: FakeSocks5Options,
  run: (server: FakeSocks5) => Promise<void>,
): Promise<void> {
  const server = await FakeSocks5.listen(options);
  try {
    await run(server);
  } finally {
    await server.close();
  }
}

test("resolve: local asks the proxy for addresses, the next one when one fails", async () => {
  await withServer({}, async (server) => {
    const resolver = new FixedResolver({ 4: ["127.0.0.1"], 6: ["::1"] });
    const dialer = socks5Dialer({ server: server.address, resolve: "local", resolver });
    assert.equal(String(dialer), `socks5://${server.address}`);
    const address = `peer.example:${echo.port}`;
    const conn = await dialer.dialContext("tcp", address);
    await assertEchoes(conn);
    assert.deepEqual(conn.remoteAddr, {
      ...{ transport: "tcp", hostname: "peer.example", port: echo.port },
    });
    assert.equal(conn.hops.length, 1);
    const steps = conn.report.children.map(({ kind, outcome }) => `${kind} ${outcome}`);
    assert.deepEqual(steps, ["lookup ok", "lookup ok", "attempt failed", "attempt ok"]);
    conn.close();
    assert.deepEqual(resolver.asked, ["peer.example 6", "peer.example 4"]);
    const hosts = server.requests.map(({ host }) => host);
    assert.deepEqual(hosts, ["0:0:0:0:0:0:0:1", "127.0.0.1"]);
    assert.deepEqual(server.faults, []);
  });
});

test("resolve: local gives a resolver the same name as a direct dial does", async () => {
  const resolver = new FixedResolver({});
  for (
    const dialer of [
      systemDialer({ resolver }),
      socks5Dialer({ server: "127.0.0.1:1", resolve: "local", resolver }),
    ]
  ) {
    resolver.asked.length = 0;
    const { code, address } = await failureOf(dialer, "Bücher.Example.:9");
    assert.deepEqual([code, address], ["ENOTFOUND", "Bücher.Example.:9"]);
    assert.deepEqual(resolver.asked.toSorted(), [4, 6].map((f) => `xn--bcher-kva.example. ${f}`));
  }
});

test("resolve: local keeps to the family, and looks no address up", async () => {
  await withServer({}, async (server) => {
    const resolver = new FixedResolver({ 4: ["127.0.0.1"], 6: ["::1"] });
    const dialer = socks5Dialer({ server: server.address, resolve: "local", resolver });
    (await dialer.dialContext("tcp4", `peer.example:${echo.port}`)).close();
    await failureOf(dialer, `peer.example:${echo.port}`, { network: "tcp6" });
    (await dialer.dialContext("tcp", echo.address)).close();
    assert.deepEqual(resolver.asked, ["peer.example 4", "peer.example 6"]);
  });
});

test("resolve: local never looks an onion name up", async () => {
  await withServer({}, async (server) => {
    const resolver = new FixedResolver({ 4: ["127.0.0.1"] });
    const dialer = socks5Dialer({ server: server.address, resolve: "local", resolver });
    for (const name of ["duckduckgo.onion", "DUCK.ONION", "duck.onion."]) {
      const error = await failureOf(dialer, `${name}:80`);
      assert.equal(error.code, "ERR_DIAL_ADDRESS");
      assert.match(error.message, /must not be looked up here/);
    }
    assert.deepEqual(resolver.asked, []);
    assert.equal(server.connections, 0);
  });
});

test("resolve: local tells of every address that failed", async () => {
  await withServer({ reply: 4 }, async (server) => {
    const resolver = new FixedResolver({ 4: ["192.0.2.1"], 6: ["2001:db8::1"] });
    const dialer = socks5Dialer({ server: server.address, resolve: "local", resolver });
    const error = await failureOf(dialer, "peer.example:9");
    assert.deepEqual(summary(error), {
      ...{ code: "ERR_PROXY_TARGET_HOST_UNREACHABLE", phase: "proxy", blame: "target" },
      hop: `socks5://${server.address}`,
    });
    assert.deepEqual(error.errors?.map(({ address }) => address), [
      "[2001:db8::1]:9",
      "192.0.2.1:9",
    ]);
    assert.match(error.message, /all 2 addresses failed: \[2001:db8::1\]:9: proxy refused \(0x04/);
  });
});

test("resolve: local does not try another address through a proxy that is down", async () => {
  const resolver = new FixedResolver({ 4: ["127.0.0.1"], 6: ["::1"] });
  const dialer = socks5Dialer({ server: "127.0.0.1:1", resolve: "local", resolver });
  const error = await failureOf(dialer, "peer.example:9");
  assert.equal(error.code, "ECONNREFUSED");
  assert.equal(error.blame, "proxy");
  assert.equal(error.report.children.filter(({ kind }) => kind === "attempt").length, 1);
});

test("resolve: local tries another address where a proxy hangs up on one", async () => {
  await withServer({ hangsUpOn: "0:0:0:0:0:0:0:1" }, async (server) => {
    const resolver = new FixedResolver({ 4: ["127.0.0.1"], 6: ["::1"] });
    const dialer = socks5Dialer({ server: server.address, resolve: "local", resolver });
    const conn = await dialer.dialContext("tcp", `peer.example:${echo.port}`);
    await assertEchoes(conn);
    conn.close();
    // One address is refused; of the other nobody knows.
    const error = await failureOf(dialer, "peer.example:1");
    const hop = `socks5://${server.address}`;
    const unclear = { code: "ERR_PROXY_CLOSED", phase: "proxy", hop, blame: undefined } as const;
    assert.deepEqual(summary(error), unclear);
    const blames = error.errors?.map(({ code, blame }) => [code, blame]);
    assert.deepEqual(blames, [
      ["ERR_PROXY_CLOSED", undefined],
      ["ERR_PROXY_TARGET_REFUSED", "target"],
    ]);
  });
});

test("resolve: local goes on with the other family whatever the proxy answers for one", async () => {
  // Such as 0x07 of a 3proxy without IPv6, and a code that is not assigned.
  for (const ipv6Reply of [1, 2, 3, 4, 5, 6, 7, 8, 9, 0x5b, 0xf0, 0xff]) {
    await withServer({ ipv6Reply }, async (server) => {
      const resolver = new FixedResolver({ 4: ["127.0.0.1"], 6: ["::1"] });
      const dialer = socks5Dialer({ server: server.address, resolve: "local", resolver });
      const conn = await dialer.dialContext("tcp", `peer.example:${echo.port}`);
      await assertEchoes(conn);
      conn.close();
      // In the end it is the target: the proxy made the other attempt.
      const error = await failureOf(dialer, "peer.example:1");
      assert.equal(error.blame, "target");
      if ([3, 4, 7, 8, 0xff].includes(ipv6Reply)) {
        assert.equal(error.code, "ERR_PROXY_TARGET_REFUSED");
      }
      assert.equal(error.errors!.length, 2);
    });
  }
});

test("resolve: local blames the proxy where all that it answers is about itself", async () => {
  for (const [reply, code] of [[7, "COMMAND_UNSUPPORTED"], [0x42, "REPLY"]] as const) {
    await withServer({ reply }, async (server) => {
      const resolver = new FixedResolver({ 4: ["127.0.0.1"], 6: ["::1"] });
      const dialer = socks5Dialer({ server: server.address, resolve: "local", resolver });
      const error = await failureOf(dialer, "peer.example:1");
      assert.deepEqual([error.code, error.blame], [`ERR_PROXY_${code}`, "proxy"]);
      assert.equal(error.errors!.length, 2);
      assert.match(error.message, /peer\.example:1 via \S+: proxy refused \(0x/);
    });
  }
});

test("resolve: local asks a proxy that refuses the credentials for no other address", async () => {
  await withServer({ login: { username: "alice", password: "secret" } }, async (server) => {
    const resolver = new FixedResolver({ 4: ["127.0.0.1"], 6: ["::1"] });
    for (const credentials of [undefined, { username: "alice", password: "wrong" }]) {
      const dialer = socks5Dialer({
        ...{ server: server.address, resolve: "local", resolver },
        ...(credentials && { credentials }),
      });
      const before = server.connections;
      const error = await failureOf(dialer, "peer.example:1");
      assert.match(error.code, /^ERR_PROXY_AUTH_/);
      assert.deepEqual([error.blame, server.connections - before], ["proxy", 1]);
    }
  });
});

test("resolve: local says of a name that nobody has, and of a lookup that failed", async () => {
  const local = (addresses: Addresses) =>
    socks5Dialer({
      server: "127.0.0.1:1",
      resolve: "local",
      resolver: new FixedResolver(addresses),
    });
  const unknown = await failureOf(local({}), "peer.example:9");
  assert.deepEqual(summary(unknown), {
    ...{ code: "ENOTFOUND", phase: "resolve", hop: undefined, blame: "target" },
  });
  assert.match(unknown.message, /no such host "peer\.example"$/);
  const again = Object.assign(new Error("later"), { code: "EAI_AGAIN" });
  const failed = await failureOf(local({ 4: again }), "peer.example:9");
  assert.deepEqual([failed.code, failed.phase, failed.blame], ["EAI_AGAIN", "resolve", undefined]);
});

test("resolve: local reads a resolver's answers as a direct dial does", async () => {
  await withServer({}, async (server) => {
    const local = (lookup: unknown) =>
      socks5Dialer({
        ...{ server: server.address, resolve: "local" },
        resolver: { lookup } as Resolver,
      });
    // What would be reached over the other family, or is no address at all, is none; each is tried once.
    const answers = { 6: ["127.0.0.1", "::ffff:127.0.0.1", "x", 7], 4: ["::1", "127.0.0.1"] };
    const twice = local((_: string, { family }: { family: 4 | 6 }) =>
      Promise.resolve([...answers[family], ...answers[family]])
    );
    const conn = await twice.dialContext("tcp", `peer.example:${echo.port}`);
    conn.close();
    await failureOf(twice, "peer.example:1");
    assert.deepEqual(server.requests.map(({ host }) => host), ["127.0.0.1", "127.0.0.1"]);
    for (
      const [lookup, code, reason] of [
        [() => ["::ffff:127.0.0.1"], "ENOTFOUND", /no such host "peer\.example"$/],
        [() => undefined, "ERR_DIAL_FAILED", /failed: the resolver's answer is not a list$/],
        [() => Promise.resolve("127.0.0.1"), "ERR_DIAL_FAILED", /answer is not a list$/],
        [failing("EPERM"), "EACCES", /looking up "peer\.example" is not permitted$/],
        [failing("EINVAL"), "ENOTFOUND", /no such host "peer\.example"$/],
      ] as const
    ) {
      const error = await failureOf(local(lookup), "peer.example:1");
      assert.deepEqual([error.code, error.phase], [code, "resolve"]);
      assert.match(error.message, reason);
    }
    assert.equal(server.connections, 2);
  });
});

test("resolve: local ends with the dial, aborted or out of time", async () => {
  const hanging: Resolver = { lookup: () => new Promise(() => {}) };
  const options = { server: "127.0.0.1:1", resolve: "local", resolver: hanging } as const;
  const error = await failureOf(socks5Dialer({ ...options, timeoutMs: 30 }), "peer.example:9");
  assert.equal(error.code, "ETIMEDOUT");
  assert.equal(error.phase, "resolve");
  await withServer({ stallsAfter: "request" }, async (server) => {
    const resolver = new FixedResolver({ 4: ["127.0.0.1"] });
    const dialer = socks5Dialer({ server: server.address, resolve: "local", resolver });
    const watched = new WatchedSignal();
    const dial = dialer.dialContext("tcp", "peer.example:9", {
      signal: watched.signal,
      onEvent: ({ type }) =>
        type === "handshake-start" && setTimeout(() => watched.abort("enough"), 20),
    });
    assert.equal(await rejectionOf(dial), "enough");
    assert.equal(watched.listeners, 0);
    await server.idle();
    const limited = socks5Dialer({ ...options, server: server.address, resolver, timeoutMs: 80 });
    const error = await failureOf(limited, "peer.example:9");
    assert.deepEqual(summary(error), {
      ...{ code: "ETIMEDOUT", phase: "proxy", blame: "target" },
      hop: `socks5://${server.address}`,
    });
    await server.idle();
  });
});

test("resolve: local leaves no listener on the signal, however the dial ends", async () => {
  const login = { username: "a", password: "b" };
  const cases: [how: string, FakeSocks5Options, host: string, timeoutMs?: number][] = [
    ["success", {}, "127.0.0.1"],
    ["a target that is down", { reply: 5 }, "127.0.0.1"],
    ["a proxy that refuses", { login }, "127.0.0.1"],
    ["its own limit", { stallsAfter: "request" }, "127.0.0.1", 60],
    ["no address", {}, "none"],
  ];
  for (const [how, options, host, timeoutMs] of cases) {
    await withServer(options, async (server) => {
      const resolver = new FixedResolver({ 4: [host] });
      const dialer = socks5Dialer({
        server: server.address,
        resolve: "local",
        resolver,
        timeoutMs,
      });
      const watched = new WatchedSignal();
      const dial = dialer.dialContext("tcp", `peer.example:${echo.port}`, {
        signal: watched.signal,
      });
      const conn = await dial.catch(() => undefined);
      assert.equal(conn !== undefined, how === "success", how);
      assert.ok(watched.added > 0, "it does listen");
      assert.equal(watched.listeners, 0, how);
      // Nobody hears of an abort that comes too late.
      watched.abort("too late");
      if (conn !== undefined) await assertEchoes(conn);
      conn?.close();
    });
  }
});
