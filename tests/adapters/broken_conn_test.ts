import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeDialer } from "../../adapters/node/mod.ts";
import { systemDialer } from "../../adapters/system.ts";
import type { Conn } from "../../src/core/conn.ts";
import { loopbackPeers } from "../../src/testing/mod.ts";
import type { PeerConn } from "../../adapters/loopback/peers.ts";
import { bytesOf, readExactly, readText } from "../../src/testing/read_all.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";
import { runtime } from "../runtime.ts";

async function withPair(
  dialer: ReturnType<typeof systemDialer>,
  use: (conn: Conn, peer: PeerConn) => Promise<void>,
  network: "tcp" | "unix" = "tcp",
): Promise<void> {
  const listener = await loopbackPeers().listen(network);
  try {
    const dialed = dialer.dialContext(network, listener.address);
    const [conn, peer] = await Promise.all([dialed, listener.accept()]);
    await use(conn, peer);
    conn.close();
  } finally {
    await listener.close();
  }
}

/** Writes until it fails, as it does once the system has heard of the reset, and gives the code. */
async function failWriting(conn: Pick<Conn, "write">): Promise<string> {
  for (let tries = 0; tries < 1_000; tries++) {
    const error = await conn.write(bytesOf("anyone there?")).then(() => undefined, (e) => e);
    if (error !== undefined) return error.code;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.fail("writes to a closed peer succeed for ever");
}

const brokenCode = /^(ECONNRESET|EPIPE)$/;

for (
  const [name, dialer] of [["systemDialer()", systemDialer()], [
    "nodeDialer()",
    nodeDialer(),
  ]] as const
) {
  test(`${name}: what a peer said before it closed can be read after writes have failed`, async () => {
    await withPair(dialer, async (conn, peer) => {
      await peer.write(bytesOf("no, thanks"));
      peer.close();
      assert.match(await failWriting(conn), brokenCode);
      assert.match(await failWriting(conn), brokenCode);
      assert.equal(await readText(conn), "no, thanks");
      assert.equal(await conn.read(new Uint8Array(8)), null);
    });
  });

  test(`${name}: what a peer said before its reset is read, then each read fails`, async () => {
    await withPair(dialer, async (conn, peer) => {
      await peer.write(bytesOf("bye"));
      // So that the bytes are there before the reset is.
      await readExactly(conn, 1);
      peer.reset();
      assert.deepEqual(await readExactly(conn, 2), bytesOf("ye"));
      for (let round = 0; round < 3; round++) {
        await assert.rejects(conn.read(new Uint8Array(8)), { code: "ECONNRESET" });
      }
    });
  });

  test(`${name}: what nobody has read when the peer resets comes before the reset`, async () => {
    await withPair(dialer, async (conn, peer) => {
      const sent = new Uint8Array(10_000).fill(7);
      await peer.write(sent);
      peer.reset();
      assert.deepEqual(await readExactly(conn, sent.byteLength), sent);
      await assert.rejects(conn.read(new Uint8Array(8)), { code: "ECONNRESET" });
    });
  });

  test(`${name}: a write that waits when the peer resets rejects with its code, and so do those after it`, async () => {
    await withPair(dialer, async (conn, peer) => {
      const writes = [conn.write(new Uint8Array(64 * 1024 * 1024)), conn.write(bytesOf("next"))];
      const codes = Promise.all(
        writes.map(async (write) => (await rejectionOf(write) as { code: string }).code),
      );
      await readExactly(peer, 1_000);
      peer.reset();
      for (const code of await codes) assert.match(code, brokenCode);
      const closed = await rejectionOf(conn.closeWrite()) as { code: string };
      assert.match(closed.code, brokenCode, "there is no way to send FIN");
    });
  });

  test(`${name}: reset() of a unix connection closes it`, async () => {
    await withPair(dialer, async (conn, peer) => {
      conn.reset();
      conn.reset();
      assert.equal(await peer.read(new Uint8Array(8)).catch(() => null), null);
    }, "unix");
  });

  test(`${name}: reset() closes the connection, however far FIN is on its way`, async () => {
    for (let turns = 0; turns < 8; turns++) {
      await withPair(dialer, async (conn, peer) => {
        const sent = conn.closeWrite().catch(() => {});
        for (let turn = 0; turn < turns; turn++) await undefined;
        if (turns === 7) await sent;
        conn.reset();
        await sent;
        await failWriting(peer);
      });
    }
  });

  test(`${name}: a reset that a write was told of is no end to a reader`, async () => {
    await withPair(dialer, async (conn, peer) => {
      peer.reset();
      assert.match(await failWriting(conn), brokenCode);
      if (runtime === "deno" && name === "nodeDialer()") {
        // Deno's `node:net` says EPIPE, as of a peer that had ended.
        assert.equal(await conn.read(new Uint8Array(8)), null);
        return;
      }
      await assert.rejects(conn.read(new Uint8Array(8)), { code: "ECONNRESET" });
      await assert.rejects(conn.read(new Uint8Array(8)), { code: "ECONNRESET" });
    });
  });
}
