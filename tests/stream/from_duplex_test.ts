import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as netConnect, type Socket } from "node:net";
import { Duplex, type DuplexOptions, PassThrough } from "node:stream";
import { test } from "node:test";
import { connect as tlsConnect, createServer as createTlsServer } from "node:tls";
import type { Conn } from "../../src/core/conn.ts";
import { fromDuplex } from "../../src/stream/mod.ts";
import { ca, server as certificate } from "../certs/certificates.ts";
import { closeServer, listen, netPeer, textOf } from "./net_peer.ts";

/** A stream whose every callback is the test's to call. */
class ManualStream extends Duplex {
  readonly writes: { chunk: Uint8Array; done: (error?: Error) => void }[] = [];
  reads = 0;

  constructor(options?: DuplexOptions) {
    super(options);
  }

  override _read(): void {
    this.reads++;
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    this.writes.push({ chunk, done });
  }
}

async function socketPair(): Promise<{ client: Socket; peer: Socket; close(): Promise<void> }> {
  const server = await netPeer();
  const client = netConnect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  const [peer] = await Promise.all([server.accept(), once(client, "connect")]);
  return { client, peer, close: () => server.close() };
}

test("reset() closes a socket, however far FIN is on its way", async () => {
  for (let turns = 0; turns < 8; turns++) {
    const { client, peer, close } = await socketPair();
    const writing = setInterval(() => peer.write("anyone there?"), 2);
    try {
      const conn = fromDuplex(client);
      const sent = conn.closeWrite().catch(() => {});
      for (let turn = 0; turn < turns; turn++) await undefined;
      if (turns === 7) await sent;
      const gone = once(peer, "close").catch(() => {});
      conn.reset();
      await gone;
    } finally {
      clearInterval(writing);
      await close();
    }
  }
});

test("fromDuplex() takes the addresses from a socket, or from the options", async () => {
  const { client, peer, close } = await socketPair();
  try {
    const conn = fromDuplex(client);
    assert.deepEqual(conn.localAddr, {
      transport: "tcp",
      hostname: "127.0.0.1",
      port: peer.remotePort,
    });
    assert.deepEqual(conn.remoteAddr, {
      transport: "tcp",
      hostname: "127.0.0.1",
      port: peer.localPort,
    });
    assert.deepEqual(conn.hops, []);
    assert.equal(conn.report.outcome, "ok");
    conn.close();
  } finally {
    await close();
  }
  assert.deepEqual(fromDuplex(new PassThrough()).remoteAddr, { transport: "unix", path: "" });
  const localAddr = { transport: "tcp", hostname: "192.0.2.1", port: 1 } as const;
  const remoteAddr = { transport: "tcp", hostname: "peer.example", port: 2 } as const;
  const named = fromDuplex(new PassThrough(), { localAddr, remoteAddr });
  assert.equal(named.localAddr, localAddr);
  assert.equal(named.remoteAddr, remoteAddr);
});

test("fromDuplex() ends each direction of a socket by itself", async () => {
  for (const first of ["ours", "theirs"]) {
    const { client, peer, close } = await socketPair();
    try {
      const conn = fromDuplex(client);
      if (first === "ours") {
        await conn.write(bytesOf("question"));
        await conn.closeWrite();
        assert.equal(await textOf(peer), "question");
        peer.end("answer");
        assert.equal(await readText(conn), "answer");
      } else {
        peer.end("that is all");
        assert.equal(await readText(conn), "that is all");
        await conn.write(bytesOf("thanks"));
        await conn.closeWrite();
        assert.equal(await textOf(peer), "thanks");
      }
      conn.close();
    } finally {
      await close();
    }
  }
});

test("fromDuplex() of a TLS socket takes bytes both ways", async () => {
  const server = createTlsServer(certificate, (socket) => socket.pipe(socket));
  try {
    const port = await listen(server);
    const socket = tlsConnect({ port, host: "127.0.0.1", ca: ca.cert });
    await once(socket, "secureConnect");
    const conn = fromDuplex(socket);
    const sent = Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 253);
    const received = new Uint8Array(sent.length);
    const write = conn.write(sent);
    for (let at = 0; at < sent.length;) {
      const count = await conn.read(received.subarray(at, at + 50_000));
      assert.ok(count !== null && count > 0);
      at += count;
    }
    assert.equal(await write, sent.length);
    assert.deepEqual(received, sent);
    await conn.closeWrite();
    assert.equal(await conn.read(new Uint8Array(1)), null);
    conn.close();
  } finally {
    await closeServer(server);
  }
});

test("fromDuplex() reads nothing before it is asked, and then no more than the stream buffers", async () => {
  const stream = new ManualStream({ readableHighWaterMark: 4 });
  const conn = fromDuplex(stream);
  await turn();
  assert.equal(stream.reads, 0);
  const read = conn.read(new Uint8Array(8));
  await turn();
  assert.equal(stream.reads, 1);
  stream.push("abcdefgh");
  assert.equal(await read, 8);
  // Nobody asks: what comes now stays in the stream.
  for (let pushed = 0; pushed < 20 && stream.push("ijkl"); pushed++) await turn();
  assert.ok(stream.readableLength >= 4);
  const { reads } = stream;
  await turn();
  assert.equal(stream.reads, reads);
});

test("fromDuplex() resolves a write when the stream has called back, and reuses its buffer", async () => {
  const stream = new ManualStream();
  const conn = fromDuplex(stream);
  let written = false;
  const data = bytesOf("first");
  const write = conn.write(data).then(() => written = true);
  const next = conn.write(bytesOf("second"));
  await turn();
  assert.equal(stream.writes.length, 1);
  assert.equal(written, false);
  stream.writes[0]!.done();
  await write;
  // A stream may keep what it was given, so the caller's bytes must be its own.
  data.fill(0);
  assert.equal(new TextDecoder().decode(stream.writes[0]!.chunk), "first");
  await turn();
  assert.equal(stream.writes.length, 2);
  stream.writes[1]!.done();
  assert.equal(await next, 6);
});

test("fromDuplex() takes a stream that is destroyed before its end for an error", async () => {
  for (const when of ["before", "after"] as const) {
    const stream = new ManualStream();
    if (when === "before") {
      stream.destroy();
      await once(stream, "close");
    }
    const conn = fromDuplex(stream);
    const read = conn.read(new Uint8Array(8));
    const write = conn.write(bytesOf("anyone?"));
    stream.destroy();
    await assert.rejects(read, { code: "ERR_STREAM_PREMATURE_CLOSE" });
    await assert.rejects(write, { code: "EPIPE" });
    await assert.rejects(conn.read(new Uint8Array(8)), { code: "ERR_STREAM_PREMATURE_CLOSE" });
    await assert.rejects(conn.closeWrite(), { code: "EPIPE" });
    conn.close();
  }
});

test("fromDuplex() gives what came before an error, then the error with a code", async () => {
  const stream = new ManualStream();
  const conn = fromDuplex(stream);
  const first = conn.read(new Uint8Array(2));
  stream.push("abcd");
  assert.equal(await first, 2);
  const cause = new Error("it broke");
  stream.destroy(cause);
  await turn();
  assert.equal(await conn.read(new Uint8Array(8)), 2);
  const failed = { code: "ECONNABORTED", message: "Cannot read: it broke", cause };
  await assert.rejects(conn.read(new Uint8Array(8)), failed);
  await assert.rejects(conn.write(bytesOf("x")), { code: "ECONNABORTED" });
  // A code of its own is kept.
  const coded = Object.assign(new Error("gone"), { code: "EHOSTDOWN" });
  const other = new ManualStream();
  const read = fromDuplex(other).read(new Uint8Array(8));
  other.destroy(coded);
  await assert.rejects(read, coded);
});

test("fromDuplex() of a stream at its end reads null", async () => {
  const stream = new ManualStream();
  stream.push(null);
  stream.resume();
  await once(stream, "end");
  const conn = fromDuplex(stream);
  assert.equal(await conn.read(new Uint8Array(8)), null);
});

test("fromDuplex() rejects what is pending at close() with ERR_CONN_CLOSED", async () => {
  const stream = new ManualStream();
  const conn = fromDuplex(stream);
  const read = conn.read(new Uint8Array(8));
  const write = conn.write(bytesOf("x"));
  const ended = conn.closeWrite();
  conn.close();
  assert.equal(stream.destroyed, true);
  for (const call of [read, write, ended, conn.read(new Uint8Array(8)), conn.write(bytesOf("y"))]) {
    await assert.rejects(call, { code: "ERR_CONN_CLOSED" });
  }
  // A late error of the stream is nobody's any more.
  stream.emit("error", new Error("late"));
});

test("a stream that fails with what is no Error fails reads and writes with one", async () => {
  for (const thrown of ["a word", undefined, null, 0]) {
    const stream = new ManualStream();
    const conn = fromDuplex(stream);
    const pending = [conn.read(new Uint8Array(8)), conn.write(bytesOf("x"))];
    stream.emit("error", thrown);
    for (const call of [...pending, conn.read(new Uint8Array(8)), conn.write(bytesOf("y"))]) {
      const error = await call.then(() => assert.fail("it went well"), (error) => error);
      assert.ok(error instanceof Error);
      assert.equal((error as { code?: string }).code, "ECONNABORTED");
    }
    conn.close();
  }
});

test("fromDuplex() refuses streams of anything but bytes", () => {
  assert.throws(() => fromDuplex(new PassThrough({ objectMode: true })), {
    name: "TypeError",
    message: /object mode/,
  });
  assert.throws(() => fromDuplex(new PassThrough().setEncoding("utf8")), {
    name: "TypeError",
    message: /"utf8"/,
  });
});

async function readText(conn: Conn): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(64);
  for (let count; (count = await conn.read(buffer)) !== null;) {
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return text;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
