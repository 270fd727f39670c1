import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect as tlsConnect } from "node:tls";
import { systemDialer } from "../../adapters/system.ts";
import { nodeConnector, toDuplex } from "../../src/stream/mod.ts";
import { ca } from "../certs/certificates.ts";
import { dialerOf } from "../fakes/dialer_of.ts";
import { listenTls } from "../tls/tls_peers.ts";
import { countingDialer } from "./counting_dialer.ts";
import { closeServer, listen, netPeer, textOf } from "./net_peer.ts";

/** A server that greets and ends, as far as a database is one. */
async function withGreeter(use: (port: number) => Promise<void>): Promise<void> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.once("data", (data) => socket.end(`you said ${data}`));
  });
  try {
    await use(await listen(server));
  } finally {
    for (const socket of sockets) socket.destroy();
    await closeServer(server);
  }
}

test("socket() is connected as pg connects its stream", async () => {
  await withGreeter(async (port) => {
    const dialer = countingDialer();
    const connector = nodeConnector(dialer);
    const makeStream: () => Socket = connector.socket;
    const stream = makeStream();
    assert.equal(dialer.dials.length, 0);
    stream.setNoDelay(true);
    stream.connect(port, "localhost");
    const connected = once(stream, "connect");
    assert.equal(stream.connecting, true);
    await connected;
    stream.setKeepAlive(true, 1_000);
    stream.ref();
    stream.unref();
    stream.ref();
    stream.write("hello");
    assert.equal(await textOf(stream), "you said hello");
    assert.deepEqual(dialer.dials.map(({ address }) => address), [`localhost:${port}`]);
  });
});

test("socket() is connected as kafkajs connects its socket", async () => {
  await withGreeter(async (port) => {
    const connector = nodeConnector(systemDialer());
    const onConnect = () => calls.push("connect");
    const calls: string[] = [];
    const socketFactory = (options: { host: string; port: number; onConnect: () => void }) =>
      connector.socket().connect(
        { host: options.host, port: options.port },
        options.onConnect,
      ).setKeepAlive(true, 60_000);
    const socket = socketFactory({ host: "127.0.0.1", port, onConnect });
    for (const event of ["lookup", "ready"]) socket.on(event, () => calls.push(event));
    assert.equal(socket.bufferSize, 0);
    assert.deepEqual(socket.autoSelectFamilyAttemptedAddresses, []);
    await once(socket, "ready");
    assert.deepEqual(calls, ["connect", "ready"]);
    assert.deepEqual(socket.autoSelectFamilyAttemptedAddresses, [`127.0.0.1:${port}`]);
    socket.end("bye");
    assert.equal(await textOf(socket), "you said bye");
  });
});

test("socket() says what a socket says that is not connected", async () => {
  await withGreeter(async (port) => {
    const socket = nodeConnector(systemDialer()).socket();
    const states = () => [socket.connecting, socket.pending, socket.readyState];
    assert.deepEqual(states(), [false, true, "open"]);
    assert.deepEqual(socket.address(), {});
    assert.equal(socket.remoteAddress, undefined);
    assert.equal(socket.destroyed, false);
    socket.write("early");
    socket.connect(port, "127.0.0.1");
    assert.deepEqual(states(), [true, true, "opening"]);
    await once(socket, "connect");
    assert.deepEqual(states(), [false, false, "open"]);
    assert.equal(socket.remotePort, port);
    assert.equal(await textOf(socket), "you said early");
    socket.destroy();
    assert.deepEqual(states(), [false, false, "closed"]);
  });
});

test("socket() connects to a path, to a URL and to a port of this machine", async () => {
  const directory = mkdtempSync(join(tmpdir(), "anydial-"));
  const path = join(directory, "socket");
  const server = createServer((socket) => socket.end("over a path"));
  server.listen(path);
  await once(server, "listening");
  try {
    const { socket } = nodeConnector(systemDialer());
    for (const args of [[path], [{ path }]]) {
      const stream = socket();
      await new Promise<void>((resolve) => {
        Reflect.apply(stream.connect, stream, [...args, resolve]);
      });
      assert.equal(await textOf(stream), "over a path");
    }
  } finally {
    await closeServer(server);
    rmSync(directory, { recursive: true, force: true });
  }
  const asked: string[] = [];
  const { socket } = nodeConnector(dialerOf((network, address) => {
    asked.push(`${network} ${address}`);
    return new Promise(() => {});
  }));
  const forms: unknown[][] = [
    [5432],
    [5432, undefined, () => {}],
    ["5432", "db.example"],
    ["tcp://db.example:5432"],
    [new URL("http://db.example")],
    [{ host: "::1", port: "5432" }, () => {}],
  ];
  for (const args of forms) {
    const stream = socket();
    Reflect.apply(stream.connect, stream, args);
    stream.destroy();
  }
  assert.deepEqual(asked, [
    "tcp localhost:5432",
    "tcp localhost:5432",
    "tcp db.example:5432",
    "tcp db.example:5432",
    "tcp db.example:80",
    "tcp [::1]:5432",
  ]);
});

test("connect() of a socket() refuses what it cannot do, and dials nothing", () => {
  const dialer = countingDialer();
  const { socket } = nodeConnector(dialer);
  const refused: [args: unknown[], code: object][] = [
    [[], TypeError],
    [[{}], TypeError],
    [[{ host: "db.example" }], TypeError],
    [[70_000, "db.example"], RangeError],
    [[5432, 5432], TypeError],
    [["https://db.example"], TypeError],
    [[{ host: "db.example", port: 443, protocol: "https:" }], TypeError],
  ];
  for (const [args, error] of refused) {
    const stream = socket();
    assert.throws(() => Reflect.apply(stream.connect, stream, args), error, String(args));
  }
  assert.equal(dialer.dials.length, 0);
});

test("a socket() is connected once, and not when it is destroyed", async () => {
  const { socket } = nodeConnector(dialerOf(() => new Promise(() => {})));
  const stream = socket();
  stream.connect(5432);
  assert.throws(() => stream.connect(5433), { code: "EISCONN" });
  stream.destroy();
  const gone = socket();
  gone.destroy();
  assert.throws(() => gone.connect(5432), { code: "ERR_STREAM_DESTROYED" });
  await new Promise((resolve) => setImmediate(resolve));
});

test("destroy() of a socket() ends the dial, and closes what comes too late", async () => {
  let signal: AbortSignal | undefined;
  let answer: (conn: unknown) => void = () => {};
  let closed = 0;
  const dialer = dialerOf((_network, _address, options) => {
    signal = options?.signal;
    return new Promise((resolve) => answer = resolve as typeof answer);
  });
  const stream = nodeConnector(dialer).socket();
  let connected = 0;
  stream.on("connect", () => connected++);
  stream.connect(5432, "db.example");
  stream.destroy();
  assert.equal(signal!.aborted, true);
  await once(stream, "close");
  answer({
    read: () => Promise.resolve(null),
    write: (data: Uint8Array) => Promise.resolve(data.length),
    close: () => closed++,
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([closed, connected], [1, 0]);
});

test("timeoutMs, signal and timeout hold for a socket()", async () => {
  const patience = setTimeout(() => {}, 60_000);
  const endless = dialerOf(() => new Promise(() => {}));
  const limited = nodeConnector(endless, { timeoutMs: 40 }).socket();
  limited.connect(5432, "db.example");
  await assert.rejects(once(limited, "connect"), { name: "DialError", code: "ETIMEDOUT" });
  const { socket } = nodeConnector(endless);
  const controller = new AbortController();
  const reason = new Error("enough");
  const aborted = socket();
  const options = { host: "db.example", port: 5432, signal: controller.signal };
  aborted.connect(options);
  const failed = assert.rejects(once(aborted, "connect"), reason);
  controller.abort(reason);
  await failed;
  const idle = socket();
  idle.connect({ host: "db.example", port: 5432, timeout: 40 } as never);
  await once(idle, "timeout");
  assert.equal(idle.destroyed, false);
  idle.destroy();
  clearTimeout(patience);
});

test("a failed dial is an error of a socket()", async () => {
  const stream = nodeConnector(systemDialer()).socket();
  stream.connect(1, "127.0.0.1");
  await assert.rejects(once(stream, "connect"), { name: "DialError", code: "ECONNREFUSED" });
  assert.equal(stream.destroyed, true);
});

test("TLS goes over a socket(), connected or not", async () => {
  const listener = await listenTls();
  const [host, port] = listener.address.split(":");
  try {
    for (const waits of [true, false]) {
      const stream = nodeConnector(systemDialer()).socket();
      stream.connect(Number(port), host!);
      if (waits) await once(stream, "connect");
      const secure = tlsConnect({ socket: stream, ca: ca.cert, host });
      await once(secure, "secureConnect");
      assert.equal(secure.authorized, true);
      secure.destroy();
    }
  } finally {
    await listener.close();
  }
});

test("toDuplex() emits connect and ready once, soon after it is made", async () => {
  const peer = await netPeer();
  try {
    const dial = () => systemDialer().dialContext("tcp", peer.address);
    const stream = toDuplex(await dial());
    const events: string[] = [];
    for (const event of ["connect", "ready"]) stream.on(event, () => events.push(event));
    assert.equal(events.length, 0);
    await once(stream, "connect");
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(events, ["connect", "ready"]);
    stream.destroy();
    const gone = toDuplex(await dial());
    gone.on("connect", () => events.push("late"));
    gone.destroy();
    await once(gone, "close");
    // What a listener throws is the stream's error.
    const failing = toDuplex(await dial());
    const reason = new Error("not like this");
    failing.on("connect", () => {
      throw reason;
    });
    assert.equal(await once(failing, "end").catch((error) => error), reason);
    assert.deepEqual(events, ["connect", "ready"]);
  } finally {
    await peer.close();
  }
});
