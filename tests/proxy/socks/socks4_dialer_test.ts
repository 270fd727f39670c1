import assert from "node:assert/strict";
import { after, test } from "node:test";
import { socks4Dialer } from "../../../src/proxy/mod.ts";
import { rejectionOf } from "../../../src/testing/reason_of.ts";
import { WatchedSignal } from "../../../src/testing/watched_signal.ts";
import { assertEchoes, failureOf, summary } from "../../fakes/proxy/dial_outcome.ts";
import { FakeSocks4, type FakeSocks4Options } from "../../fakes/proxy/fake_socks4.ts";
import { startEcho } from "../../fakes/proxy/target.ts";

const echo = await startEcho();
after(() => echo.close());

async function withServer(
  options: FakeSocks4Options,
  run: (server: FakeSocks4) => Promise<void>,
): Promise<void> {
  const server = await FakeSocks4.listen(options);
  try {
    await run(server);
    assert.deepEqual(server.faults, []);
  } finally {
    await server.close();
  }
}

test("socks4Dialer() makes a tunnel to an address, and by 4a to a name", async () => {
  await withServer({ userId: "älice" }, async (server) => {
    const dialer = socks4Dialer({ server: server.address, userId: "älice" });
    assert.equal(String(dialer), `socks4a://***@${server.address}`);
    for (const address of [echo.address, `localhost:${echo.port}`]) {
      const conn = await dialer.dialContext("tcp", address);
      await assertEchoes(conn);
      conn.close();
    }
    const hosts = server.requests.map(({ host }) => host);
    assert.deepEqual(hosts, ["127.0.0.1", "localhost"]);
  });
});

test("socks4Dialer() gives every reply code its code and blame", async () => {
  for (
    const [reply, code, blame] of [
      [0x5b, "ERR_PROXY_TARGET_FAILED", "target"],
      [0x5c, "ERR_PROXY_AUTH_FAILED", "proxy"],
      [0x5d, "ERR_PROXY_AUTH_FAILED", "proxy"],
      [0x5e, "ERR_PROXY_REPLY", "proxy"],
    ] as const
  ) {
    await withServer({ reply }, async (server) => {
      const error = await failureOf(socks4Dialer({ server: server.address }), echo.address);
      const hop = `socks4a://${server.address}`;
      assert.deepEqual(summary(error), { code, phase: "proxy", hop, blame });
      await server.idle();
    });
  }
});

test("socks4Dialer() blames a proxy that hangs up while it answers, and nobody before that", async () => {
  for (const closesAfterBytes of [0, 1, 7]) {
    for (const resets of [false, true]) {
      await withServer({ closesAfterBytes, resets }, async (server) => {
        const error = await failureOf(socks4Dialer({ server: server.address }), echo.address);
        const unclear = closesAfterBytes === 0;
        assert.equal(error.phase, "proxy");
        assert.equal(error.blame, unclear ? undefined : "proxy");
        assert.match(error.code, resets ? /^(ECONNRESET|ERR_PROXY_CLOSED)$/ : /^ERR_PROXY_CLOSED$/);
        const says = error.message.endsWith(
          ", as some do when they cannot reach what was asked for",
        );
        assert.equal(says, unclear);
        await server.idle();
      });
    }
  }
});

test("socks4Dialer() reaches no IPv6, and says so before it dials", async () => {
  await withServer({}, async (server) => {
    const remote = socks4Dialer({ server: server.address });
    const local = socks4Dialer({ server: server.address, resolve: "local" });
    for (const dialer of [remote, local]) {
      const error = await failureOf(dialer, "[2001:db8::1]:1");
      assert.equal(error.code, "ERR_DIAL_ADDRESS");
      assert.match(error.message, /SOCKS4 has no IPv6/);
    }
    const error = await failureOf(local, "peer.example:1", { network: "tcp6" });
    assert.match(error.message, /reaches no IPv6 addresses$/);
    assert.equal(server.connections, 0);
  });
});

test("socks4Dialer() looks names up here where the proxy cannot, IPv4 alone", async () => {
  await withServer({}, async (server) => {
    const asked: string[] = [];
    const dialer = socks4Dialer({
      server: server.address,
      resolve: "local",
      resolver: {
        lookup(host, { family }) {
          asked.push(`${host} ${family}`);
          return Promise.resolve(["127.0.0.1"]);
        },
      },
    });
    const conn = await dialer.dialContext("tcp", `peer.example:${echo.port}`);
    await assertEchoes(conn);
    assert.deepEqual(conn.remoteAddr, {
      ...{ transport: "tcp", hostname: "peer.example", port: echo.port },
    });
    conn.close();
    assert.deepEqual(asked, ["peer.example 4"]);
    assert.equal(server.requests[0]!.host, "127.0.0.1");
  });
});

test("socks4Dialer(): a proxy that says nothing", async () => {
  await withServer({ silent: true }, async (server) => {
    const limited = socks4Dialer({ server: server.address, timeoutMs: 50 });
    assert.equal((await failureOf(limited, echo.address)).code, "ETIMEDOUT");
    const watched = new WatchedSignal();
    const dial = socks4Dialer({ server: server.address }).dialContext("tcp", echo.address, {
      signal: watched.signal,
      onEvent: ({ type }) =>
        type === "handshake-start" && setTimeout(() => watched.abort("enough"), 20),
    });
    assert.equal(await rejectionOf(dial), "enough");
    assert.equal(watched.listeners, 0);
    await server.idle();
  });
});

test("socks4Dialer() refuses unusable options by name, and does not show the user id", () => {
  const server = "127.0.0.1:1080";
  for (
    const [options, message] of [
      [{ server, userId: "hunter2\0" }, /has a NUL/],
      [{ server, userId: "hunter2".repeat(40) }, /has 280 bytes/],
      [{ server: "x" }, /^server must be/],
      [{ server, resolve: "here" }, /^resolve must be/],
    ] as const
  ) {
    assert.throws(() => socks4Dialer(options as never), (error: Error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, message);
      return !error.message.includes("hunter2");
    });
  }
});
