import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeDialer } from "../../adapters/node/mod.ts";
import { systemDialer } from "../../adapters/system.ts";
import { runProcess } from "../../scripts/run_process.ts";
import type { Conn } from "../../src/core/conn.ts";
import { loopbackPeers } from "../../src/testing/mod.ts";
import type { ListeningPeer, PeerConn } from "../../adapters/loopback/peers.ts";
import { bytesOf, readText } from "../../src/testing/read_all.ts";
import { childCommand } from "../children/child_command.ts";

const dialers = { "systemDialer()": systemDialer(), "nodeDialer()": nodeDialer() };

const closings: Record<string, (conn: Conn) => void> = {
  "close()": (conn) => conn.close(),
  "close() right after closeWrite()": (conn) => {
    conn.closeWrite().catch(() => {});
    conn.close();
  },
  "close(), then reset()": (conn) => {
    conn.close();
    conn.reset();
  },
};

for (const [name, dialer] of Object.entries(dialers)) {
  for (const [what, close] of Object.entries(closings)) {
    test(`${name}: ${what} with unread data loses nothing, and lets the peer go soon`, async () => {
      await withListener(async (listener) => {
        const [conn, peer] = await Promise.all([
          dialer.dialContext("tcp", listener.address),
          listener.accept(),
        ]);
        await peer.write(new Uint8Array(100_000));
        const sent = "x".repeat(100_000);
        await conn.write(bytesOf(sent));
        close(conn);
        assert.equal(await readText(peer), sent);
        // The peer itself does not end, so what it writes is refused sooner or later.
        await assert.rejects(writeForEver(peer));
      });
    });
  }

  test(`${name}: close() with a read pending loses nothing, and rejects the read at once`, async () => {
    await withListener(async (listener) => {
      const [conn, peer] = await Promise.all([
        dialer.dialContext("tcp", listener.address),
        listener.accept(),
      ]);
      const pause = () => new Promise((resolve) => setTimeout(resolve, 1));
      let over = false;
      const reading = (async () => {
        const buffer = new Uint8Array(64 * 1024);
        while (await conn.read(buffer) !== null);
      })();
      const talking = (async () => {
        for (; !over; await pause()) await peer.write(new Uint8Array(1_000));
      })().catch(() => {});
      await conn.write(new Uint8Array(600_000));
      const start = performance.now();
      conn.close();
      await assert.rejects(reading, { code: "ERR_CONN_CLOSED" });
      assert.ok(performance.now() - start < 250);
      // The peer is slow, so that much is still on its way when it sends to the closed connection.
      let arrived = 0;
      const buffer = new Uint8Array(16 * 1024);
      for (let count; (count = await peer.read(buffer)) !== null; await pause()) arrived += count;
      over = true;
      await talking;
      assert.equal(arrived, 600_000);
    });
  });

  test(`${name}: a process does not wait for the peers of what it has closed`, async () => {
    await withListener(async ({ address }) => {
      const command = childCommand("close_and_end.ts", name, address);
      const { code, output } = await runProcess(command, { limitMs: 20_000, output: "collect" });
      assert.equal(code, 0, output);
      assert.ok(Number(output) < 400, `it ended ${output} ms later`);
    });
  });
}

async function withListener(use: (listener: ListeningPeer) => Promise<void>): Promise<void> {
  const listener = await loopbackPeers().listen("tcp");
  try {
    await use(listener);
  } finally {
    await listener.close();
  }
}

async function writeForEver(peer: PeerConn): Promise<void> {
  for (let tries = 0; tries < 1_000; tries++) {
    await peer.write(new Uint8Array(1));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
