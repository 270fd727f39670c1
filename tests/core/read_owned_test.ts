import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { nodeDialer } from "../../adapters/node.ts";
import type { Conn } from "../../mod.ts";
import { deriveConn } from "../../src/core/derive_conn.ts";
import { readOwned } from "../../src/core/read_owned.ts";
import { loopbackPeers, type PeerConn } from "../../src/testing/mod.ts";
import { bytesOf, readExactly } from "../../src/testing/read_all.ts";
import { ChunkConn } from "./chunk_conn.ts";

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

function textOf(chunk: Uint8Array | null): string {
  assert.ok(chunk !== null);
  return new TextDecoder().decode(chunk);
}

test("readOwned() gives all bytes in order, in memory that nothing else is written to", async () => {
  await withPair(async (conn, peer) => {
    const sent = createHash("sha256");
    const writing = (async () => {
      for (let index = 0; index < 400; index++) {
        const piece = new Uint8Array(index % 9 === 0 ? 300_000 : index).fill(index);
        sent.update(piece);
        await peer.write(piece);
      }
      await peer.closeWrite();
    })();
    const chunks: Uint8Array[] = [];
    for (let chunk; (chunk = await readOwned(conn)!) !== null;) {
      assert.ok(chunk.byteLength > 0);
      chunks.push(chunk);
    }
    await writing;
    const received = createHash("sha256");
    for (const chunk of chunks) received.update(chunk);
    assert.equal(received.digest("hex"), sent.digest("hex"));
    assert.equal(await readOwned(conn), null);
  });
});

test("readOwned() and read() may take turns", async () => {
  await withPair(async (conn, peer) => {
    await peer.write(bytesOf("abc"));
    assert.equal(textOf(await readExactly(conn, 1)), "a");
    assert.equal(textOf(await readOwned(conn)!), "bc");
    const first = readOwned(conn)!;
    const second = conn.read(new Uint8Array(8));
    await peer.write(bytesOf("def"));
    assert.equal(textOf(await first), "def");
    await peer.write(bytesOf("gh"));
    assert.equal(await second, 2);
  });
});

test("readOwned() that waits gives null when the connection is closed, and rejects afterwards", async () => {
  await withPair(async (conn) => {
    const waiting = readOwned(conn);
    conn.close();
    assert.equal(await waiting, null);
    await assert.rejects(readOwned(conn)!, { code: "ERR_CONN_CLOSED" });
  });
});

test("readOwned() rejects with what the connection failed with", async () => {
  await withPair(async (conn, peer) => {
    const waiting = readOwned(conn)!;
    peer.reset();
    await assert.rejects(waiting, { code: "ECONNRESET" });
  });
});

test("readOwned() of a derived connection gives what is unread first", async () => {
  await withPair(async (conn, peer) => {
    const derived = deriveConn(conn, { unread: bytesOf("unread") });
    await peer.write(bytesOf("next"));
    assert.equal(textOf(await readExactly(derived, 2)), "un");
    assert.equal(textOf(await readOwned(derived)!), "read");
    assert.equal(textOf(await readOwned(derived)!), "next");
  });
});

test("readOwned() says where a connection has to be read with read()", () => {
  assert.equal(readOwned(new ChunkConn("bytes")), undefined);
  assert.equal(readOwned(deriveConn(new ChunkConn("bytes"), {})), undefined);
});
