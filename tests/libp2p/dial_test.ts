import assert from "node:assert/strict";
import { test } from "node:test";
import { type DialEvent, isDialError, systemDialer } from "../../mod.ts";
import { dialReportOf, type TcpDialEvents } from "../../src/libp2p/mod.ts";
import { loopbackCodes } from "../../adapters/loopback/loopback_peers.ts";
import { bytesOf, readExactly } from "../../src/testing/read_all.ts";
import { socks5Dialer } from "../../src/proxy/mod.ts";
import { FakeSocks5 } from "../fakes/proxy/fake_socks5.ts";
import { closing, maOf, peers, TransportTrial, withPeer } from "./nodes/transport_trial.ts";

const peerId = "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC";

for (const network of ["tcp", "tcp6", "unix"] as const) {
  const what = { tcp: "an IPv4 address", tcp6: "an IPv6 address", unix: "a unix path" }[network];
  test(`${what} is dialed, and remoteAddr is what was dialed`, async () => {
    await withPeer(
      async (trial, peer, ma) => {
        const dialed = network === "unix" ? ma : `${ma}/p2p/${peerId}`;
        const [connection, conn] = await Promise.all([trial.dial(dialed), peer.accept()]);
        assert.equal(connection.remoteAddr.toString(), dialed);
        assert.equal(connection.direction, "outbound");
        connection.send(bytesOf("hello"));
        assert.equal(new TextDecoder().decode(await readExactly(conn, 5)), "hello");
        assert.deepEqual(dialReportOf(connection)!.hops, []);
        assert.equal(dialReportOf(connection)!.outcome, "ok");
      },
      {},
      network,
    );
  });
}

for (const name of ["dns", "dns4", "dns6"]) {
  test(`/${name} connects over its own family alone`, async () => {
    for (const network of ["tcp", "tcp6"] as const) {
      await withPeer(
        async (trial, peer, ma) => {
          const port = /\d+$/.exec(ma)![0];
          const dial = trial.dial(`/${name}/localhost/tcp/${port}`);
          const reached = await dial.then(() => true, () => false);
          assert.equal(reached, name === "dns" || (name === "dns6") === (network === "tcp6"));
          assert.equal(peer.seen, reached ? 1 : 0);
        },
        {},
        network,
      );
    }
  });
}

const failures: [what: string, ma: string, code: string][] = [
  ["an address where nobody listens", maOf(peers.refused), loopbackCodes.refused],
  ["an address to which there is no way", maOf(peers.unreachable), loopbackCodes.unreachable],
  [
    "a name that nobody has",
    `/dns4/${peers.unknownName.replace(":", "/tcp/")}`,
    loopbackCodes.unknownName,
  ],
  ["a path where there is nothing", maOf(peers.missingPath), loopbackCodes.missingPath],
];
for (const [what, ma, code] of failures) {
  test(`${what} fails with one DialError, ${code}, that is counted and logged`, async () => {
    const trial = new TransportTrial();
    const error = await trial.failure(ma);
    assert.ok(isDialError(error));
    assert.equal(error.code, code);
    assert.equal(error.report.outcome, "failed");
    assert.deepEqual(trial.counters.libp2p_tcp_dialer_events_total, { error: 1 });
    assert.deepEqual(trial.counters.libp2p_tcp_dialer_errors_total, {});
    assert.ok(trial.logged.some(({ scope }) => scope === "libp2p:tcp:error"));
    assert.equal(trial.opened.length, 0);
  });
}

test("a multiaddr that cannot be dialed is ERR_DIAL_MULTIADDR", async () => {
  const trial = new TransportTrial();
  for (const ma of ["/ip4/127.0.0.1/udp/9", "/ip4/127.0.0.1/tcp/9/ws", "/memory/x"]) {
    assert.equal((await trial.failure(ma) as { code?: string }).code, "ERR_DIAL_MULTIADDR");
  }
});

for (const way of ["its own dialer", "a dialer of the caller's"]) {
  test(`a black hole fails after connectTimeoutMs with ETIMEDOUT, through ${way}`, async () => {
    const silent = await peers.silent();
    const custom = way === "its own dialer" ? {} : { dialer: systemDialer() };
    const trial = new TransportTrial({ connectTimeoutMs: 150, ...custom });
    const error = await trial.failure(maOf(silent.address));
    await silent.close();
    assert.ok(isDialError(error));
    assert.equal(error.code, "ETIMEDOUT");
    assert.equal(error.phase, "connect");
    assert.equal((error.cause as Error).name, "TimeoutError");
    assert.match(error.message, /^Cannot dial tcp4? 127\.0\.0\.1:\d+: timed out after 150 ms/);
    assert.match(JSON.stringify(error.report), /"attempt"/);
    assert.deepEqual(trial.counters.libp2p_tcp_dialer_events_total, { timeout: 1, error: 1 });
  });
}

test("the progress of a dial is told: its begin, its lookups and its attempts", async () => {
  await withPeer(async (trial, _peer, ma) => {
    const told: TcpDialEvents[] = [];
    const port = /\d+$/.exec(ma)![0];
    await trial.dial(`/dns4/localhost/tcp/${port}`, { onProgress: (event) => told.push(event) });
    assert.deepEqual(told.map(({ type }) => type), [
      "tcp:open-connection",
      "tcp:lookup-start",
      "tcp:lookup-end",
      "tcp:attempt-start",
      "tcp:attempt-end",
    ]);
    const attempt = told[3]!.detail as DialEvent;
    assert.ok(attempt.type === "attempt-start");
    assert.equal(attempt.address, `127.0.0.1:${port}`);
  });
});

test("the progress of a dial through a proxy is told in order, its handshake too", async () => {
  const proxy = await FakeSocks5.listen();
  await withPeer(async (trial, _peer, ma) => {
    const told: string[] = [];
    await trial.dial(ma, { onProgress: ({ type }) => told.push(type) });
    assert.deepEqual(told, [
      "tcp:open-connection",
      "tcp:attempt-start",
      "tcp:attempt-end",
      "tcp:handshake-start",
      "tcp:handshake-end",
    ]);
  }, { dialer: socks5Dialer({ server: proxy.address }) });
  await proxy.close();
});

for (
  const step of [
    "open-connection",
    "lookup-start",
    "lookup-end",
    "attempt-start",
    "attempt-end",
    "handshake-start",
    "handshake-end",
  ]
) {
  test(`an onProgress that throws at ${step} fails the dial with what it threw, and leaves nothing open`, async () => {
    const proxy = await FakeSocks5.listen();
    const options = step.startsWith("handshake")
      ? { dialer: socks5Dialer({ server: proxy.address }) }
      : {};
    await withPeer(async (trial, peer, ma) => {
      const bug = new Error("the listener's bug");
      const failed = await trial.failure(ma.replace("/ip4/127.0.0.1", "/dns4/localhost"), {
        onProgress: ({ type }) => {
          if (type === `tcp:${step}`) throw bug;
        },
      });
      assert.equal(failed, bug);
      assert.deepEqual(trial.opened, []);
      if (step !== "open-connection") {
        assert.deepEqual(trial.counters.libp2p_tcp_dialer_events_total, { error: 1 });
      }
      if (step === "attempt-end" || step === "handshake-end") {
        const conn = await peer.accept();
        assert.equal(await conn.read(new Uint8Array(1)).catch(() => null), null);
        conn.close();
      }
      await proxy.idle();
    }, options);
    await proxy.close();
  });
}

test("a proxy that is silent in its handshake is named where connectTimeoutMs runs out, as by its own limit", async () => {
  const proxy = await FakeSocks5.listen({ stallsAfter: "greeting" });
  const failures = [];
  for (const own of [false, true]) {
    const dialer = socks5Dialer({ server: proxy.address, ...(own && { timeoutMs: 150 }) });
    const trial = new TransportTrial({ dialer, ...(!own && { connectTimeoutMs: 150 }) });
    const error = await trial.failure("/ip4/192.0.2.1/tcp/4001");
    assert.ok(isDialError(error));
    const { message, code, phase, via, hop, blame, report } = error;
    failures.push({ message, code, phase, via, hop, blame });
    assert.deepEqual([report.kind, report.label], ["dial", "/ip4/192.0.2.1/tcp/4001"]);
    assert.deepEqual([report.outcome, report.error?.code], ["failed", "ETIMEDOUT"]);
    assert.match(JSON.stringify(report), /"handshake","label":"socks5 127/);
  }
  const url = `socks5h://${proxy.address}`;
  assert.deepEqual(failures[0], failures[1]);
  assert.deepEqual(failures[0], {
    message:
      `Cannot dial tcp4 192.0.2.1:4001 via ${url}: timed out after 150 ms waiting for the proxy's answer`,
    ...{ code: "ETIMEDOUT", phase: "proxy", via: url, hop: url, blame: "proxy" },
  });
  await proxy.close();
});

test("the proxy of a chain that connectTimeoutMs runs out at is named", async () => {
  const first = await FakeSocks5.listen();
  const second = await FakeSocks5.listen({ stallsAfter: "greeting" });
  const via = socks5Dialer({ server: first.address });
  const dialer = socks5Dialer({ server: second.address, via });
  const error = await new TransportTrial({ dialer, connectTimeoutMs: 200 })
    .failure("/ip4/192.0.2.1/tcp/4001");
  assert.ok(isDialError(error));
  assert.equal(error.hop, `socks5h://${second.address}`);
  assert.match(error.reason, new RegExp(`^${error.hop}: timed out after 200 ms waiting for`));
  await Promise.all([first.close(), second.close()]);
});

test("credentials that never come are what connectTimeoutMs ran out at", async () => {
  const credentials = () => new Promise<never>(() => {});
  const dialer = socks5Dialer({ server: "127.0.0.1:1", credentials });
  const error = await new TransportTrial({ dialer, connectTimeoutMs: 50 })
    .failure("/ip4/192.0.2.1/tcp/4001");
  assert.match(String(error), /timed out after 50 ms waiting for the credentials$/);
});

test("a connection is counted and logged as with @libp2p/tcp, each group registered once", async () => {
  await withPeer(async (trial, peer, ma) => {
    const [connection, conn] = await Promise.all([trial.dial(ma), peer.accept()]);
    const events = trial.counters.libp2p_tcp_dialer_events_total!;
    assert.deepEqual({ ...events }, { connect: 1 });
    const closed = closing(connection);
    await conn.closeWrite();
    await closed;
    const { connect, end, _remote_close = 0, _local_close = 0 } = events;
    assert.deepEqual([connect, end, _remote_close + _local_close], [1, 1, 1]);
    assert.deepEqual(trial.registered, {
      libp2p_tcp_dialer_events_total: 1,
      libp2p_tcp_dialer_errors_total: 1,
    });
    const scopes = new Set(trial.logged.map(({ scope }) => scope));
    assert.deepEqual(scopes, new Set(["libp2p:tcp", "libp2p:tcp:connection"]));
  });
});

test("a failed upgrade resets the connection, is counted, and its error is the dial's", async () => {
  await withPeer(async (trial, peer, ma) => {
    const error = new Error("no common protocol");
    const failed = await trial.failure(ma, { upgrade: () => Promise.reject(error) });
    assert.equal(failed, error);
    assert.equal(trial.opened[0]!.status, "aborted");
    const conn = await peer.accept();
    const read = conn.read(new Uint8Array(1)).then((count) => count, () => null);
    assert.equal(await read, null);
    assert.deepEqual(trial.counters.libp2p_tcp_dialer_errors_total, { outbound_upgrade: 1 });
  });
});

test("the options of one dial differ from those of all", async () => {
  await withPeer(async (trial, peer, ma) => {
    const options = { allowHalfOpen: true, noDelay: false, keepAlive: false };
    const [connection, conn] = await Promise.all([trial.dial(ma, options), peer.accept()]);
    const ended = new Promise((resolve) =>
      connection.addEventListener("remoteCloseWrite", resolve)
    );
    await conn.closeWrite();
    await ended;
    assert.equal(connection.status, "open");
  });
});

test("what dialOpts and one dial say of TCP_NODELAY reaches the dialer, which checks it", async () => {
  const wrong = { noDelay: 1 as never };
  assert.throws(() => new TransportTrial({ dialOpts: wrong }), /noDelay must be a boolean/);
  const error = await new TransportTrial().failure("/ip4/127.0.0.1/tcp/1", wrong);
  assert.match((error as Error).message, /noDelay must be a boolean/);
});

test("a connection that hides what it was made of has a report too", async () => {
  await withPeer(async (trial, _peer, ma) => {
    const connection = await trial.dial(ma, { upgrade: () => Promise.resolve({} as never) });
    assert.match(dialReportOf(connection)?.label ?? "", /^tcp4 127\.0\.0\.1:\d+$/);
  });
});

test("whoever is told of a new connection can already ask for its report", async () => {
  await withPeer(async (trial, _peer, ma) => {
    let label: string | undefined;
    await trial.dial(ma, {
      upgrade: (maConn) => {
        // libp2p's connection keeps what it was made of under this name.
        label = dialReportOf({ maConn } as never)?.label;
        return Promise.resolve(maConn as never);
      },
    });
    assert.match(label ?? "", /^tcp4 127\.0\.0\.1:\d+$/);
    assert.equal(dialReportOf({} as never), undefined);
  });
});
