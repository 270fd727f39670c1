import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import net, { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { multiaddr } from "@multiformats/multiaddr";
import type { MultiaddrConnection, TcpOptions } from "../../src/libp2p/mod.ts";
import { systemDialer } from "../../mod.ts";
import { bytesOf } from "../../src/testing/read_all.ts";
import { collect } from "./nodes/connection_traffic.ts";
import { closing, TransportTrial } from "./nodes/transport_trial.ts";

type Listener = ReturnType<TransportTrial["transport"]["createListener"]>;

interface Listening {
  readonly trial: TransportTrial;
  readonly listener: Listener;
  /** The connections that came in. */
  readonly inbound: MultiaddrConnection[];
  /** The next one that comes in. */
  accept(): Promise<MultiaddrConnection>;
}

/** Runs a test with a listener of the transport under test. */
async function withListener(
  ma: string,
  run: (listening: Listening) => Promise<void>,
  options?: TcpOptions,
): Promise<void> {
  const trial = new TransportTrial(options);
  const inbound: MultiaddrConnection[] = [];
  const waiting: ((connection: MultiaddrConnection) => void)[] = [];
  const listener = trial.transport.createListener({
    upgrader: {
      upgradeInbound(connection: MultiaddrConnection) {
        inbound.push(connection);
        for (const tell of waiting.splice(0)) tell(connection);
        return Promise.resolve();
      },
    },
  } as never);
  const accept = () => new Promise<MultiaddrConnection>((resolve) => waiting.push(resolve));
  await listener.listen(multiaddr(ma));
  try {
    await run({ trial, listener, inbound, accept });
  } finally {
    trial.end();
    await listener.close();
  }
}

const directory = () => mkdtempSync(join(tmpdir(), "anydial-"));

for (const custom of [false, true]) {
  const way = custom ? "a dialer of the caller's" : "its own dialer";
  for (const where of ["/ip4/127.0.0.1/tcp/0", "/ip6/::1/tcp/0", "/unix"]) {
    test(`the transport dials what it listens on at ${where}, through ${way}`, async () => {
      const path = where === "/unix" ? directory() : undefined;
      const ma = path === undefined ? where : `/unix/${encodeURIComponent(join(path, "socket"))}`;
      await withListener(ma, async ({ trial, listener, accept }) => {
        const accepting = accept();
        const outbound = await trial.dial(listener.getAddrs()[0]!.toString());
        const inbound = await accepting;
        const taken = collect(inbound);
        const closed = closing(inbound);
        outbound.send(bytesOf("hello"));
        await outbound.close();
        await closed;
        assert.equal(taken.bytes, 5);
        assert.equal(inbound.direction, "inbound");
      }, custom ? { dialer: systemDialer() } : {});
      if (path !== undefined) rmSync(path, { recursive: true });
    });
  }
}

test("a listener on both families is reached over both", async () => {
  await withListener("/ip6/::/tcp/0", async ({ trial, listener, accept }) => {
    const port = /\d+$/.exec(listener.getAddrs()[0]!.toString())![0];
    assert.ok(!listener.getAddrs().some((ma) => ma.toString().startsWith("/ip6/::/")));
    const accepting = accept();
    await trial.dial(`/ip6/::1/tcp/${port}`);
    await accepting;
  });
});

test("listening on a port that is taken is EADDRINUSE", async () => {
  await withListener("/ip4/127.0.0.1/tcp/0", async ({ trial, listener }) => {
    const second = trial.transport.createListener({ upgrader: {} } as never);
    await assert.rejects(second.listen(listener.getAddrs()[0]!), { code: "EADDRINUSE" });
  });
});

test("a listener tells when it listens and when it closes, and counts itself", async () => {
  const trial = new TransportTrial();
  const listener = trial.transport.createListener({ upgrader: {} } as never);
  const told: string[] = [];
  listener.addEventListener("listening", () => told.push("listening"));
  listener.addEventListener("close", () => told.push("close"));
  await listener.listen(multiaddr("/ip4/127.0.0.1/tcp/0"));
  assert.equal(listener.getAddrs().length, 1);
  await listener.close();
  assert.deepEqual(told, ["listening", "close"]);
  assert.deepEqual(listener.getAddrs(), []);
  assert.ok("libp2p_tcp_listener_status_info" in trial.registered);
  assert.ok("libp2p_tcp_inbound_connections_total" in trial.registered);
  assert.ok(trial.logged.some(({ scope }) => scope === "libp2p:tcp:listener"));
});

test("what comes in is aborted after inboundSocketInactivityTimeout", async () => {
  await withListener("/ip4/127.0.0.1/tcp/0", async ({ trial, listener, accept }) => {
    const accepting = accept();
    await trial.dial(listener.getAddrs()[0]!.toString());
    assert.equal((await closing(await accepting)).error?.name, "TimeoutError");
  }, { inboundSocketInactivityTimeout: 100 });
});

/** Connects, and tells whether it was let in: a connection that is dropped is closed at once. */
async function isLetIn(listening: Listening, sockets: Socket[]): Promise<boolean> {
  const [, port] = /tcp\/(\d+)/.exec(listening.listener.getAddrs()[0]!.toString())!;
  return await isLetInAt(Number(port), listening, sockets);
}

async function isLetInAt(port: number, listening: Listening, sockets: Socket[]): Promise<boolean> {
  const accepted = listening.accept().then(() => true);
  const socket = connect({ host: "127.0.0.1", port });
  sockets.push(socket);
  const refused = new Promise<boolean>((resolve) => {
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
  });
  return await Promise.race([accepted, refused]);
}

test("above maxConnections what comes is dropped", async () => {
  await withListener("/ip4/127.0.0.1/tcp/0", async (listening) => {
    const sockets: Socket[] = [];
    const letIn = [];
    for (let index = 0; index < 3; index++) letIn.push(await isLetIn(listening, sockets));
    for (const socket of sockets) socket.destroy();
    assert.deepEqual(letIn, [true, true, false]);
  }, { maxConnections: 2 });
});

test("listenOpts and backlog reach the server", async () => {
  const { createServer } = net;
  const made: Record<string, unknown>[] = [];
  net.createServer = ((options: Record<string, unknown>, ...rest: []) => {
    const server = createServer(options, ...rest);
    const { listen } = server;
    server.listen = ((config: Record<string, unknown>, ...more: []) => {
      made.push({ noDelay: options.noDelay, backlog: config.backlog });
      return listen.call(server, config, ...more);
    }) as typeof listen;
    return server;
  }) as typeof createServer;
  try {
    const options = { listenOpts: { noDelay: false }, backlog: 3 };
    await withListener("/ip4/127.0.0.1/tcp/0", () => Promise.resolve(), options);
    assert.deepEqual(made, [{ noDelay: false, backlog: 3 }]);
  } finally {
    net.createServer = createServer;
  }
});

test("above closeAbove nobody listens, and below listenBelow it listens again", async () => {
  const closeServerOnMaxConnections = { closeAbove: 2, listenBelow: 2 };
  await withListener("/ip4/127.0.0.1/tcp/0", async (listening) => {
    const { listener, inbound } = listening;
    const sockets: Socket[] = [];
    const [, port] = /tcp\/(\d+)/.exec(listener.getAddrs()[0]!.toString())!;
    assert.equal(await isLetIn(listening, sockets), true);
    assert.equal(await isLetIn(listening, sockets), true);
    // It pauses when the upgrade is done.
    await new Promise((resolve) => setTimeout(resolve));
    assert.equal(await isLetInAt(Number(port), listening, sockets), false);
    const again = once(listener, "listening");
    inbound[0]!.abort(new Error("one fewer"));
    await again;
    // At another port, where the first was any.
    assert.equal(await isLetIn(listening, sockets), true);
    for (const socket of sockets) socket.destroy();
  }, { closeServerOnMaxConnections });
});

test("closing a listener ends the upgrades under way", async () => {
  const trial = new TransportTrial();
  let upgrading!: () => void;
  const began = new Promise<void>((resolve) => upgrading = resolve);
  let ended = false;
  const listener = trial.transport.createListener({
    upgrader: {
      upgradeInbound(_: unknown, { signal }: { signal: AbortSignal }) {
        upgrading();
        return new Promise((_, reject) =>
          signal.addEventListener("abort", () => {
            ended = true;
            reject(signal.reason);
          })
        );
      },
    },
  } as never);
  await listener.listen(multiaddr("/ip4/127.0.0.1/tcp/0"));
  const connection = await trial.dial(listener.getAddrs()[0]!.toString());
  await began;
  const closed = closing(connection);
  await listener.close();
  await closed;
  assert.equal(ended, true);
});

test("what can be listened on and dialed is what @libp2p/tcp listens on and dials", () => {
  const { transport } = new TransportTrial();
  const peer = "/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC";
  const yes = [
    "/ip4/127.0.0.1/tcp/9090",
    `/ip4/127.0.0.1/tcp/9090${peer}`,
    "/ip6/::1/tcp/9090",
    "/ip6zone/eth0/ip6/fe80::1/tcp/9090",
    "/dns/libp2p.io/tcp/9090",
    "/dns4/libp2p.io/tcp/9090",
    "/dns6/libp2p.io/tcp/9090",
    "/dnsaddr/libp2p.io/tcp/9090",
    "/unix/%2Ftmp%2Fsome%2Ffile.sock",
  ];
  const no = [
    "/ip4/127.0.0.1/udp/9090",
    "/ip4/127.0.0.1/tcp/9090/http",
    "/ip4/127.0.0.1/tcp/9090/ws",
    `/ip4/127.0.0.1/tcp/9090/http${peer}`,
    `/ip4/127.0.0.1/tcp/9090/p2p-circuit${peer}`,
    "/ip4/127.0.0.1/udp/9090/quic-v1",
  ];
  const mas = [...yes, ...no].map((ma) => multiaddr(ma));
  assert.deepEqual(transport.dialFilter(mas).map(String), yes);
  assert.deepEqual(transport.listenFilter(mas).map(String), yes);
});
