import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { nodeDialer } from "../../adapters/node/mod.ts";
import type { Conn } from "../../mod.ts";
import { deriveConn } from "../../src/conn/derive_conn.ts";
import { writeStyleOf, writev } from "../../src/conn/writev.ts";
import { loopbackPeers, type PeerConn } from "../../src/testing/mod.ts";
import { bytesOf } from "../../src/testing/read_all.ts";
import { ChunkConn } from "../fakes/chunk_conn.ts";

async function withPair(run: (conn: Conn, peer: PeerConn) => Promise<void>): Promise<void> {
  const listener = await loopbackPeers().listen("tcp");
  const [conn, peer] = await Promise.all([
    nodeDialer().dialContext("tcp", listener.address),
    listener.accept(),
  ]);
  try {
    await run(conn, peer);
  } finally {
    conn.close();
    await listener.close();
  }
}

async function textOf(peer: PeerConn): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(1024);
  for (let count; (count = await peer.read(buffer)) !== null;) {
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return text;
}

test("writev() sends all pieces in order, between other writes", async () => {
  await withPair(async (conn, peer) => {
    const counts = await Promise.all([
      conn.write(bytesOf("a")),
      writev(conn, ["b", "", "cd"].map(bytesOf)),
      conn.write(bytesOf("e")),
      writev(deriveConn(conn, {}), ["f", "g"].map(bytesOf)),
      writev(conn, []),
    ]);
    await conn.closeWrite();
    assert.deepEqual(counts, [1, 3, 1, 2, 0]);
    assert.equal(await textOf(peer), "abcdefg");
  });
});

test("writev() waits until the system took everything", async () => {
  await withPair(async (conn, peer) => {
    const pieces = Array.from(
      { length: 400 },
      (_, index) => new Uint8Array(index % 7 === 0 ? 7 : 65_536).fill(index),
    );
    const sent = createHash("sha256");
    for (const piece of pieces) sent.update(piece);
    let isWritten = false;
    const writing = writev(conn, pieces).then(() => isWritten = true);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(isWritten, false, "22 MB went nowhere");
    const received = createHash("sha256");
    const reading = (async () => {
      const buffer = new Uint8Array(65_536);
      for (let count; (count = await peer.read(buffer)) !== null;) {
        received.update(buffer.subarray(0, count));
      }
    })();
    await writing;
    await conn.closeWrite();
    await reading;
    assert.equal(received.digest("hex"), sent.digest("hex"));
  });
});

test("writev() that is pending rejects when the connection is closed", async () => {
  await withPair(async (conn) => {
    const pieces = Array.from({ length: 400 }, () => new Uint8Array(65_536));
    const writing = assert.rejects(writev(conn, pieces), { code: "ERR_CONN_CLOSED" });
    await new Promise((resolve) => setTimeout(resolve, 20));
    conn.reset();
    await writing;
    await assert.rejects(writev(conn, pieces), { code: "ERR_CONN_CLOSED" });
  });
});

test("writev() rejects with what the connection failed with", async () => {
  await withPair(async (conn, peer) => {
    peer.reset();
    await assert.rejects(async () => {
      for (let round = 0; round < 1000; round++) {
        await writev(conn, ["a", "b"].map(bytesOf));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }, (error: Error & { code?: string }) => ["ECONNRESET", "EPIPE"].includes(error.code ?? ""));
  });
});

test("writev() after closeWrite() is EPIPE", async () => {
  await withPair(async (conn) => {
    await conn.closeWrite();
    await assert.rejects(writev(conn, ["a", "b"].map(bytesOf)), { code: "EPIPE" });
  });
});

test("writeStyleOf() knows who supportsWritev, whom it wraps, and what to do with others", async () => {
  await withPair((conn) => {
    assert.equal(writeStyleOf(conn).supportsWritev, true);
    assert.equal(writeStyleOf(deriveConn(conn, {})), writeStyleOf(conn));
    return Promise.resolve();
  });
  for (const conn of [new ChunkConn(), deriveConn(new ChunkConn(), {})]) {
    assert.deepEqual(writeStyleOf(conn), { supportsWritev: false, coalesceBytes: 66 * 1024 });
  }
});
