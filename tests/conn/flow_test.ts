import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { nodeDialer } from "../../adapters/node/mod.ts";
import { systemDialer } from "../../adapters/system.ts";
import type { Conn, ContextDialer } from "../../mod.ts";
import { type ChunkFlow, type ChunkSink, flowChunks } from "../../src/conn/flow.ts";
import { deriveConn } from "../../src/conn/derive_conn.ts";
import { loopbackPeers, type PeerConn } from "../../src/testing/mod.ts";
import { bytesOf, readExactly } from "../../src/testing/read_all.ts";
import { ChunkConn } from "../fakes/chunk_conn.ts";
import { freeSlabs } from "../fakes/free_slabs.ts";

/** Connections that push, and ones that are read, natively and by `node:net`, derived ones and others. */
const kinds: Record<string, { dialer: ContextDialer; wrap?: (conn: Conn) => Conn }> = {
  "systemDialer()": { dialer: systemDialer() },
  "nodeDialer()": { dialer: nodeDialer() },
  "deriveConn()": { dialer: nodeDialer(), wrap: (conn) => deriveConn(conn, {}) },
  "somebody else's connection": { dialer: nodeDialer(), wrap: foreign },
};

/** Has nothing but what `Conn` says. */
function foreign(conn: Conn): Conn {
  const own = { read: conn.read.bind(conn), close: () => conn.close(), reset: () => conn.reset() };
  return own as Partial<Conn> as Conn;
}

async function withPair(
  kind: string,
  run: (conn: Conn, peer: PeerConn) => Promise<void>,
): Promise<void> {
  const { dialer, wrap } = kinds[kind]!;
  const listener = await loopbackPeers().listen("tcp");
  const [conn, peer] = await Promise.all([
    dialer.dialContext("tcp", listener.address),
    listener.accept(),
  ]);
  try {
    await run(wrap === undefined ? conn : wrap(conn), peer);
  } finally {
    conn.close();
    await listener.close();
  }
}

/** A sink that keeps what it is told, and wants more as long as `wants` says so. */
class Collector implements ChunkSink {
  readonly chunks: Uint8Array[] = [];
  bytes = 0;
  ends = 0;
  readonly errors: unknown[] = [];
  wants: () => boolean = () => true;
  #told: (() => void) | undefined;

  chunk(chunk: Uint8Array): boolean {
    assert.ok(chunk.byteLength > 0);
    this.chunks.push(chunk);
    this.bytes += chunk.byteLength;
    this.#told?.();
    return this.wants();
  }
  end(): void {
    this.ends++;
    this.#told?.();
  }
  failed(error: unknown): void {
    this.errors.push(error);
    this.#told?.();
  }
  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => this.#told = resolve);
  }
  get text(): string {
    return this.chunks.map((chunk) => new TextDecoder().decode(chunk)).join("|");
  }
  digest(): string {
    const hash = createHash("sha256");
    for (const chunk of this.chunks) hash.update(chunk);
    return hash.digest("hex");
  }
}

for (const kind of Object.keys(kinds)) {
  test(`flowChunks() of ${kind} gives all bytes in order, in memory that nothing else is written to`, async () => {
    await withPair(kind, async (conn, peer) => {
      const sent = createHash("sha256");
      const writing = (async () => {
        for (let index = 0; index < 400; index++) {
          const piece = new Uint8Array(index % 9 === 0 ? 300_000 : index).fill(index);
          sent.update(piece);
          await peer.write(piece);
        }
        await peer.closeWrite();
      })();
      const sink = new Collector();
      flowChunks(conn, sink).resume();
      await sink.until(() => sink.ends > 0);
      await writing;
      assert.equal(sink.digest(), sent.digest("hex"));
      assert.deepEqual([sink.ends, sink.errors], [1, []]);
    });
  });

  test(`flowChunks() of ${kind} stops when the sink wants no more, and goes on`, async () => {
    await withPair(kind, async (conn, peer) => {
      const total = 16 * 1024 * 1024;
      const sink = new Collector();
      sink.wants = () => false;
      const flow = flowChunks(conn, sink);
      let written = 0;
      const writing = (async () => {
        const piece = new Uint8Array(256 * 1024);
        for (; written < total; written += piece.byteLength) await peer.write(piece);
        await peer.closeWrite();
      })();
      flow.resume();
      await sink.until(() => sink.chunks.length > 0);
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(sink.chunks.length, 1);
      assert.ok(written < total, "the peer could send everything");
      while (sink.ends === 0) {
        const before = sink.chunks.length;
        flow.resume();
        await sink.until(() => sink.chunks.length > before || sink.ends > 0);
      }
      await writing;
      assert.equal(sink.bytes, total);
    });
  });

  test(`flowChunks() of ${kind} may be told to go on from within`, async () => {
    await withPair(kind, async (conn, peer) => {
      const sink = new Collector();
      const flow: ChunkFlow = flowChunks(conn, sink);
      sink.wants = () => {
        flow.resume();
        return true;
      };
      flow.resume();
      flow.resume();
      await peer.write(bytesOf("ab"));
      await sink.until(() => sink.bytes === 2);
      await peer.write(bytesOf("cd"));
      await sink.until(() => sink.bytes === 4);
      assert.equal(sink.text, "ab|cd");
    });
  });

  test(`flowChunks() of ${kind} tells what the connection failed with`, async () => {
    await withPair(kind, async (conn, peer) => {
      const sink = new Collector();
      flowChunks(conn, sink).resume();
      await peer.write(bytesOf("last words"));
      await sink.until(() => sink.bytes > 0);
      peer.reset();
      await sink.until(() => sink.errors.length > 0);
      assert.equal((sink.errors[0] as { code?: string }).code, "ECONNRESET");
      assert.equal(sink.ends, 0);
    });
  });

  for (const state of ["stopped", "flowing"]) {
    test(`flowChunks() of ${kind} that was ${state} when it was closed holds no memory`, async () => {
      const before = freeSlabs();
      await withPair(kind, async (conn, peer) => {
        const sink = new Collector();
        sink.wants = () => state === "flowing" || sink.bytes < 4_000_000;
        const flow = flowChunks(conn, sink);
        flow.resume();
        const writing = peer.write(new Uint8Array(4_000_000)).catch(() => {});
        await sink.until(() => sink.bytes === 4_000_000);
        await writing;
        // Bun's own sockets hold none.
        if (kind !== "systemDialer()") assert.ok(freeSlabs() < before, "the connection was busy");
        conn.close();
        flow.stop();
        await new Promise((resolve) => setTimeout(resolve, 10));
        assert.equal(freeSlabs(), before);
      });
    });
  }

  test(`flowChunks() of ${kind} holds no memory two seconds after it was busy`, async () => {
    const before = freeSlabs();
    await withPair(kind, async (conn, peer) => {
      const sink = new Collector();
      flowChunks(conn, sink).resume();
      for (const bytes of [4_000_000, 3_000_001]) {
        const sofar = sink.bytes;
        await peer.write(new Uint8Array(bytes));
        await sink.until(() => sink.bytes === sofar + bytes);
        if (kind !== "systemDialer()") assert.ok(freeSlabs() < before, "the connection was busy");
        for (let ms = 0; freeSlabs() < before && ms < 3_000; ms += 50) {
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        assert.equal(freeSlabs(), before);
      }
    });
  });

  test(`flowChunks() of ${kind} gives no chunk after reset()`, async () => {
    await withPair(kind, async (conn, peer) => {
      const sink = new Collector();
      sink.wants = () => {
        conn.reset();
        return true;
      };
      flowChunks(conn, sink).resume();
      await peer.write(bytesOf("a"));
      await sink.until(() => sink.bytes > 0);
      await peer.write(bytesOf("b")).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(sink.text, "a");
      assert.equal(sink.ends, 0);
    });
  });
}

test("flowChunks() waits with little memory, and shares what it reads into", async () => {
  const buffers: Uint8Array[] = [];
  await withPair("nodeDialer()", async (conn, peer) => {
    const read = (buffer: Uint8Array) => {
      buffers.push(buffer);
      return conn.read(buffer);
    };
    const noting = { read, close: () => conn.close() } as Partial<Conn> as Conn;
    const sink = new Collector();
    flowChunks(noting, sink).resume();
    let total = 0;
    for (const bytes of [10, 700, 256, 1, 40_000, 1_000_000, 700]) {
      await peer.write(new Uint8Array(bytes));
      await sink.until(() => sink.bytes === total + bytes);
      total += bytes;
      // Of 256 it cannot be known that no more is there.
      if (bytes !== 256) assert.equal(buffers.at(-1)!.buffer.byteLength, 16 * 1024);
      if (bytes !== 256) assert.equal(buffers.at(-1)!.byteLength, 256);
    }
    const large = buffers.filter(({ buffer }) => buffer.byteLength === 64 * 1024);
    assert.ok(large.length >= 3, "it read into active buffers");
    assert.equal(
      new Set(large.map(({ buffer }) => buffer)).size,
      1,
      "one active buffer serves all",
    );
  });
});

test("flowChunks() gives what was received before and not read", async () => {
  await withPair("nodeDialer()", async (conn, peer) => {
    await peer.write(bytesOf("abc"));
    assert.equal(new TextDecoder().decode(await readExactly(conn, 1)), "a");
    const sink = new Collector();
    flowChunks(conn, sink).resume();
    await sink.until(() => sink.bytes === 2);
    await peer.closeWrite();
    await sink.until(() => sink.ends === 1);
    assert.equal(sink.text, "bc");
  });
});

test("flowChunks() of a derived connection gives what is unread first", async () => {
  for (const inner of [undefined, foreign]) {
    await withPair("nodeDialer()", async (conn, peer) => {
      const unread = bytesOf("unread");
      const derived = deriveConn(inner === undefined ? conn : inner(conn), { unread });
      await peer.write(bytesOf("next"));
      const sink = new Collector();
      let wanted = false;
      sink.wants = () => wanted;
      const flow = flowChunks(derived, sink);
      flow.resume();
      await sink.until(() => sink.bytes === 6);
      wanted = true;
      flow.resume();
      await sink.until(() => sink.bytes === 10);
      assert.equal(sink.text, "unread|next");
    });
  }
});

test("flowChunks() of a connection that has ended tells the end once", async () => {
  const sink = new Collector();
  const flow = flowChunks(new ChunkConn("one", "two"), sink);
  flow.resume();
  await sink.until(() => sink.ends > 0);
  flow.resume();
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual([sink.text, sink.ends], ["one|two", 1]);
});
