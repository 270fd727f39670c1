import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { ContextDialer } from "../../../src/core/dialer.ts";
import { ProxyRefusedError, socks5Dialer } from "../../../src/proxy/mod.ts";
import { rejectionOf } from "../../../src/testing/reason_of.ts";
import { WatchedSignal } from "../../../src/testing/watched_signal.ts";
import { assertEchoes, failureOf, summary } from "../../fakes/proxy/dial_outcome.ts";
import {
  FakeSocks5,
  type FakeSocks5Options,
  type Socks5Moment,
} from "../../fakes/proxy/fake_socks5.ts";
import { startEcho } from "../../fakes/proxy/target.ts";

const echo = await startEcho();
after(() => echo.close());
const login = { username: "alice", password: "open sesame" };
const moments: readonly Socks5Moment[] = ["greeting", "credentials", "request"];

async function withServer(
  options: FakeSocks5Options,
  run: (server: FakeSocks5) => Promise<void>,
): Promise<void> {
  const server = await FakeSocks5.listen(options);
  try {
    await run(server);
    assert.deepEqual(server.faults, []);
  } finally {
    await server.close();
  }
}

/** A dialer whose proxy is new to it: verdicts are kept by what dials the proxy. */
async function freshVia(): Promise<ContextDialer> {
  const { systemDialer } = await import("../../../adapters/system.ts");
  return systemDialer();
}

test("socks5Dialer() gives every reply code its code, blame and number (RFC 1928 §6, Tor proposal 304)", async () => {
  const expected: Record<number, [code: string, blame: string, text: string]> = {
    0x01: ["TARGET_FAILED", "target", "general failure"],
    0x02: ["TARGET_NOT_ALLOWED", "target", "not allowed"],
    0x03: ["TARGET_NET_UNREACHABLE", "target", "network unreachable"],
    0x04: ["TARGET_HOST_UNREACHABLE", "target", "host unreachable"],
    0x05: ["TARGET_REFUSED", "target", "connection refused"],
    0x06: ["TARGET_TIMEOUT", "target", "TTL expired"],
    0x07: ["COMMAND_UNSUPPORTED", "proxy", "command not supported"],
    0x08: ["TARGET_ADDRESS_TYPE", "target", "address type not supported"],
    0x09: ["REPLY", "proxy", "0x09 unassigned"],
    0xf0: ["ONION_NOT_FOUND", "target", "descriptor not found"],
    0xf1: ["ONION_INVALID_DESCRIPTOR", "target", "descriptor is invalid"],
    0xf2: ["ONION_INTRO_FAILED", "target", "introduction failed"],
    0xf3: ["ONION_RENDEZVOUS_FAILED", "target", "rendezvous failed"],
    0xf4: ["ONION_AUTH_REQUIRED", "target", "wants client authorization"],
    0xf5: ["ONION_AUTH_FAILED", "target", "authorization is wrong"],
    0xf6: ["ONION_INVALID_ADDRESS", "target", "address is invalid"],
    0xf7: ["ONION_INTRO_TIMEOUT", "target", "introduction timed out"],
    0xff: ["REPLY", "proxy", "0xff unassigned"],
  };
  for (const [number, [code, blame, text]] of Object.entries(expected)) {
    for (const shortReply of [false, true]) {
      await withServer({ reply: Number(number), shortReply }, async (server) => {
        const error = await failureOf(socks5Dialer({ server: server.address }), "peer.example:9");
        const hop = `socks5h://${server.address}`;
        assert.deepEqual(summary(error), { code: `ERR_PROXY_${code}`, phase: "proxy", hop, blame });
        assert.ok(error.message.includes(text), error.message);
        assert.ok(
          error.message.startsWith(`Cannot dial tcp peer.example:9 via ${hop}: proxy refused (0x`),
        );
        assert.ok(error.cause instanceof ProxyRefusedError);
        assert.deepEqual(error.cause.reply, { protocol: "socks5", code: Number(number) });
        await server.idle();
      });
    }
  }
});

test("socks5Dialer() asks for addresses as addresses and for names as names", async () => {
  await withServer({ reply: 1 }, async (server) => {
    const dialer = socks5Dialer({ server: server.address });
    for (
      const address of ["192.0.2.1:1", "[2001:db8::1]:2", "peer.example:3", "bücher.example:4"]
    ) {
      await failureOf(dialer, address);
    }
    assert.deepEqual(server.requests.map(({ type, host, port }) => [type, host, port]), [
      [1, "192.0.2.1", 1],
      [4, "2001:db8:0:0:0:0:0:1", 2],
      [3, "peer.example", 3],
      [3, "xn--bcher-kva.example", 4],
    ]);
  });
});

test("socks5Dialer() asks nobody for what cannot be asked for", async () => {
  await withServer({}, async (server) => {
    const dialer = socks5Dialer({ server: server.address });
    for (
      const [address, network] of [
        ["[fe80::1%eth0]:1", "tcp"],
        [":1", "tcp"],
        ["peer\0.example:1", "tcp"],
        ["127.1:1", "tcp"],
        ["192.0.2.1:1", "tcp6"],
        ["[2001:db8::1]:1", "tcp4"],
        [`${"a".repeat(256)}:1`, "tcp"],
      ] as const
    ) {
      const error = await failureOf(dialer, address, { network });
      assert.equal(error.code, "ERR_DIAL_ADDRESS", address);
      assert.equal(error.phase, "address");
    }
    assert.equal((await failureOf(dialer, "/tmp/x", { network: "unix" })).code, "ERR_DIAL_NETWORK");
    assert.equal(server.connections, 0);
  });
});

test("socks5Dialer() reads every kind of bound address", async () => {
  for (const bound of ["ipv4", "ipv6", "name"] as const) {
    for (const handshake of ["sequential", "pipelined"] as const) {
      await withServer({ bound, login }, async (server) => {
        const dialer = socks5Dialer({ server: server.address, credentials: login, handshake });
        const conn = await dialer.dialContext("tcp", echo.address);
        await assertEchoes(conn);
        assert.deepEqual(conn.remoteAddr, {
          transport: "tcp",
          hostname: "127.0.0.1",
          port: echo.port,
        });
        conn.close();
        assert.equal(server.requests[0]!.pipelined, handshake === "pipelined");
      });
    }
  }
});

test("socks5Dialer() dials a proxy on a unix socket", async () => {
  const directory = mkdtempSync(join(tmpdir(), "anydial-socks-"));
  const path = join(directory, "socket");
  try {
    await withServer({ path }, async (server) => {
      const dialer = socks5Dialer({ server: path });
      assert.equal(String(dialer), `socks5h+unix://${path}`);
      const conn = await dialer.dialContext("tcp", echo.address);
      await assertEchoes(conn);
      assert.deepEqual(conn.hops, [{ transport: "unix", path }]);
      conn.close();
      assert.equal(server.connections, 1);
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("socks5Dialer() tells wrong credentials, missing ones and useless ones apart", async () => {
  await withServer({ login }, async (server) => {
    const hop = `socks5h://***@${server.address}`;
    const of = (credentials?: typeof login, handshake?: "sequential" | "pipelined") =>
      failureOf(socks5Dialer({ server: server.address, credentials, handshake }), echo.address);
    for (const handshake of ["sequential", "pipelined"] as const) {
      assert.deepEqual(summary(await of({ username: "alice", password: "x" }, handshake)), {
        ...{ code: "ERR_PROXY_AUTH_FAILED", phase: "proxy", hop, blame: "proxy" },
      });
    }
    assert.equal((await of()).code, "ERR_PROXY_AUTH_REQUIRED");
    assert.deepEqual(server.requests, []);
  });
  await withServer({}, async (server) => {
    const options = { server: server.address, handshake: "sequential" } as const;
    const isolated = socks5Dialer({ ...options, isolation: "dial" });
    assert.equal((await failureOf(isolated, echo.address)).code, "ERR_PROXY_AUTH_UNSUPPORTED");
    const lenient = socks5Dialer({ ...options, credentials: login });
    (await lenient.dialContext("tcp", echo.address)).close();
  });
});

test("socks5Dialer() asks for rotating credentials at each dial", async () => {
  await withServer({ login, reply: 5 }, async (server) => {
    const asked: string[] = [];
    const given = [{ ...login, password: "expired" }, login, login];
    const dialer = socks5Dialer({
      server: server.address,
      handshake: "sequential",
      async credentials({ network, address, signal }) {
        assert.ok(!signal.aborted);
        asked.push(`${network} ${address}`);
        await undefined;
        return given.shift()!;
      },
    });
    assert.equal((await failureOf(dialer, "a.example:1")).code, "ERR_PROXY_AUTH_FAILED");
    assert.equal((await failureOf(dialer, "b.example:2")).code, "ERR_PROXY_TARGET_REFUSED");
    assert.deepEqual(asked, ["tcp a.example:1", "tcp b.example:2"]);
  });
});

test("socks5Dialer() fails with ERR_PROXY_CREDENTIALS where there are none to be had", async () => {
  await withServer({ login }, async (server) => {
    const bad: [() => unknown, RegExp][] = [
      [() => Promise.reject(new Error("vault: hunter2")), /gives the credentials failed$/],
      [() => undefined, /gives the credentials gave none$/],
      [() => ({ username: "alice", password: "x".repeat(256) }), /password .* has 256 bytes/],
      [() => ({ username: "", password: "x" }), /user name .* has 0 bytes/],
    ];
    for (const [credentials, message] of bad) {
      const dialer = socks5Dialer({ server: server.address, credentials: credentials as never });
      const error = await failureOf(dialer, echo.address);
      assert.deepEqual(summary(error), {
        ...{ code: "ERR_PROXY_CREDENTIALS", phase: "proxy", blame: undefined },
        hop: `socks5h://***@${server.address}`,
      });
      assert.match(error.message, message);
      assert.ok(!error.message.includes("hunter2"));
    }
    assert.equal(server.connections, 0);
    // Aborted while it waits for them.
    const watched = new WatchedSignal();
    let told: AbortSignal | undefined;
    const dialer = socks5Dialer({
      server: server.address,
      credentials: ({ signal }) => {
        told = signal;
        return new Promise(() => {});
      },
    });
    const dial = dialer.dialContext("tcp", echo.address, { signal: watched.signal });
    const reason = new Error("enough");
    watched.abort(reason);
    assert.equal(await rejectionOf(dial), reason);
    assert.equal(told?.reason, reason);
    assert.equal(watched.listeners, 0);
  });
});

for (const handshake of ["sequential", "pipelined", "auto"] as const) {
  test(`socks5Dialer(), ${handshake}: an abort at each silence of the proxy rejects with the reason and frees all`, async () => {
    for (const stallsAfter of moments) {
      await withServer({ login, stallsAfter }, async (server) => {
        const dialer = socks5Dialer({
          ...{ server: server.address, credentials: login, handshake },
          via: await freshVia(),
        });
        const watched = new WatchedSignal();
        const reason = new Error("enough");
        const dial = dialer.dialContext("tcp", echo.address, {
          signal: watched.signal,
          // As far as it gets before the proxy is silent, or a bit before that.
          onEvent: ({ type }) =>
            type === "handshake-start" && setTimeout(() => watched.abort(reason), 30),
        });
        assert.equal(await rejectionOf(dial), reason);
        assert.equal(watched.listeners, 0);
        await server.idle();
      });
    }
  });

  test(`socks5Dialer(), ${handshake}: its own limit at each silence is ETIMEDOUT with the proxy's name`, async () => {
    for (const stallsAfter of moments) {
      await withServer({ login, stallsAfter }, async (server) => {
        const dialer = socks5Dialer({
          ...{ server: server.address, credentials: login, handshake, timeoutMs: 80 },
          via: await freshVia(),
        });
        const error = await failureOf(dialer, echo.address);
        const hop = `socks5h://***@${server.address}`;
        const blame = stallsAfter === "request" ? "target" : "proxy";
        assert.deepEqual(summary(error), { code: "ETIMEDOUT", phase: "proxy", hop, blame });
        assert.ok((error.cause as DOMException).name === "TimeoutError");
        assert.match(error.message, /timed out after 80 ms waiting for the proxy's answer$/);
        assert.equal(error.report.outcome, "failed");
        assert.equal(error.report.error?.code, "ETIMEDOUT");
        await server.idle();
      });
    }
  });

  test(`socks5Dialer(), ${handshake}: a proxy that hangs up is to blame, unless it was asked for the target`, async () => {
    for (const closesAfter of moments) {
      for (const resets of [false, true]) {
        await withServer({ login, closesAfter, resets }, async (server) => {
          const dialer = socks5Dialer({
            ...{ server: server.address, credentials: login, handshake },
            via: await freshVia(),
          });
          const error = await failureOf(dialer, echo.address);
          const { code, phase, blame } = summary(error);
          // The target may be down: some say so in no other way.
          const unclear = closesAfter === "request";
          assert.deepEqual([phase, blame], ["proxy", unclear ? undefined : "proxy"]);
          // What a reset destroys on its way, and whether it is one, is up to the system.
          if (resets) assert.match(code, /^(ECONNRESET|EPIPE|ERR_PROXY_CLOSED)$/);
          else assert.match(code, /^(ERR_PROXY_CLOSED|ECONNRESET)$/);
          assert.match(
            error.message,
            /proxy (closed the connection|broke off \(.*\)) before it answered the [a-z]+(, as .*)?$/,
          );
          const says = error.message.endsWith(
            ", as some do when they cannot reach what was asked for",
          );
          assert.equal(says, unclear);
          await server.idle();
        });
      }
    }
  });
}

test("socks5Dialer() says that the proxy is down when it is", async () => {
  const error = await failureOf(socks5Dialer({ server: "127.0.0.1:1" }), echo.address);
  assert.deepEqual(summary(error), {
    ...{ code: "ECONNREFUSED", phase: "connect", hop: "socks5h://127.0.0.1:1", blame: "proxy" },
  });
  assert.equal(
    error.message,
    `Cannot dial tcp ${echo.address} via socks5h://127.0.0.1:1: cannot reach the proxy: connection refused`,
  );
  const path = await failureOf(socks5Dialer({ server: "./no/such/socket" }), echo.address);
  assert.equal(path.code, "ENOENT");
  assert.equal(path.hop, "socks5h+unix://./no/such/socket");
});

test("socks5Dialer() isolates by target, by dial and by token, in Tor's new form and the old", async () => {
  await withServer({ reply: 1, login: { username: "x", password: "x" } }, async (server) => {
    const seen = async (isolation: Parameters<typeof socks5Dialer>[0]["isolation"]) => {
      const dialer = socks5Dialer({ server: server.address, isolation, handshake: "pipelined" });
      server.logins.length = 0;
      for (const address of ["a.example:1", "a.example:1", "b.example:1"]) {
        await failureOf(dialer, address);
      }
      return server.logins.map(({ username, password }) => ({ username, password }));
    };
    const perTarget = await seen("target");
    assert.ok(perTarget.every(({ username }) => username === "<torS0X>0"));
    assert.equal(perTarget[0]!.password, perTarget[1]!.password);
    assert.notEqual(perTarget[0]!.password, perTarget[2]!.password);
    assert.notEqual((await seen("target"))[0]!.password, perTarget[0]!.password, "another dialer");
    const perDial = await seen({ per: "dial" });
    assert.equal(new Set(perDial.map(({ password }) => password)).size, 3);
    const token = await seen({ token: "shopping", form: "legacy" });
    assert.deepEqual(token[2], { username: "shopping", password: "shopping" });
    assert.deepEqual(await seen({ token: "shopping" }).then((all) => all[0]), {
      ...{ username: "<torS0X>0", password: "shopping" },
    });
  });
});

test("socks5Dialer() refuses unusable options by name, and shows no secret", () => {
  const server = "127.0.0.1:1080";
  const bad: [Record<string, unknown>, RegExp][] = [
    [{}, /^server must be host:port or the path of a unix socket, not undefined$/],
    [{ server: "proxy" }, /not "proxy": missing port$/],
    [{ server: ":1080" }, /missing host$/],
    [{ server: "proxy:0" }, /port 0/],
    [{ server: "socks5://alice:hunter2@proxy:1" }, /not "socks5:\/\/\*\*\*@proxy:1": proxyDialer/],
    [{ server: "alice:hunter2@proxy:1" }, /not "\*\*\*@proxy:1"/],
    [{ server, via: {} }, /^via must be a dialer/],
    [{ server, timeoutMs: 0 }, /^timeoutMs must be between 1/],
    [{ server, timeoutMs: "5" }, /^timeoutMs must be a number/],
    [{ server, stallMs: NaN }, /^stallMs must be between 1/],
    [{ server, resolve: "both" }, /^resolve must be "remote" or "local"/],
    [{ server, resolve: "local", resolver: {} }, /^resolver must have a lookup method/],
    [{ server, handshake: "fast" }, /^handshake must be/],
    [{ server, isolation: "host" }, /^isolation must be per/],
    [{ server, isolation: { per: "dial", token: "hunter2" } }, /^isolation takes one of/],
    [{ server, isolation: { token: "hunter2".repeat(40) } }, /isolation token .* has 280 bytes/],
    [{ server, isolation: { per: "dial", form: "new" } }, /^isolation.form must be/],
    [{ server, isolation: "dial", credentials: login }, /exclude each other/],
    [{ server, credentials: { username: "hunter2".repeat(40), password: "x" } }, /has 280 bytes/],
    [{ server, credentials: { username: "hunter2" } }, /password of the proxy is not a string/],
  ];
  for (const [options, message] of bad) {
    assert.throws(() => socks5Dialer(options as never), (error: Error) => {
      assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
      assert.match(error.message, message);
      assert.ok(!error.message.includes("hunter2"), error.message);
      return true;
    });
  }
});
