import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import { flowChunks } from "../../src/conn/flow.ts";
import type { Conn } from "../../src/core/conn.ts";
import { deriveConn } from "../../src/conn/derive_conn.ts";
import { completeConn } from "../../src/conn/foreign_conn.ts";
import { fromDuplex } from "../../src/stream/mod.ts";
import { type ListeningPeer, loopbackPeers } from "../../src/testing/mod.ts";
import type { PeerConn } from "../../adapters/loopback/peers.ts";
import { settle } from "../fakes/virtual_clock.ts";

/** Whether a promise has not settled after some turns. */
async function isPending(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true, () => settled = true);
  for (let turn = 0; turn < 5; turn++) await settle();
  return !settled;
}

const buffer = () => new Uint8Array(8);

/** Connections of each kind over the runtime's sockets. */
const kinds: Record<string, (address: string) => Promise<Conn>> = {
  "the runtime's own": (address) => systemDialer().dialContext("tcp", address),
  async "fromDuplex()"(address) {
    const [host, port] = address.split(":");
    const socket = connect(Number(port), host);
    await once(socket, "connect");
    return fromDuplex(socket);
  },
  async "deriveConn()"(address) {
    const conn = await systemDialer().dialContext("tcp", address);
    return deriveConn(conn, { unread: new Uint8Array(3) });
  },
  async "somebody else's"(address) {
    const conn = await systemDialer().dialContext("tcp", address);
    const foreign = {
      read: (data: Uint8Array) => conn.read(data),
      write: (data: Uint8Array) => conn.write(data),
      closeWrite: () => conn.closeWrite(),
      close: () => conn.close(),
    };
    return completeConn(foreign, "tcp", address)!;
  },
};

for (const [kind, dial] of Object.entries(kinds)) {
  const withPeer = async (run: (conn: Conn, peer: PeerConn) => Promise<void>) => {
    const listener: ListeningPeer = await loopbackPeers().listen("tcp");
    const [conn, peer] = await Promise.all([dial(listener.address), listener.accept()]);
    try {
      await run(conn, peer);
    } finally {
      conn.close();
      await listener.close();
    }
  };

  test(`closed of ${kind}: what is idle is not over before it is read`, () =>
    withPeer(async (conn, peer) => {
      const { closed } = conn;
      peer.reset();
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(await isPending(closed));
      await assert.rejects(async () => {
        while (await conn.read(buffer()) !== null);
      });
      assert.equal(await closed, undefined);
    }));

  test(`closed of ${kind}: cancelling readable ends nothing`, () =>
    withPeer(async (conn) => {
      await conn.readable.cancel();
      assert.equal(await conn.read(buffer()), null);
      await conn.closeWrite();
      assert.ok(await isPending(conn.closed));
    }));

  test(`closed of ${kind}: a flow's end, and its failure, are those of a read`, async () => {
    await withPeer(async (conn, peer) => {
      const { closed } = conn;
      await conn.closeWrite();
      const ended = new Promise<void>((end, failed) => {
        flowChunks(conn, { chunk: () => true, end, failed }).resume();
      });
      assert.ok(await isPending(closed));
      await peer.closeWrite();
      await ended;
      await closed;
    });
    await withPeer(async (conn, peer) => {
      const failed = new Promise<unknown>((failed, end) => {
        flowChunks(conn, { chunk: () => true, end, failed }).resume();
      });
      peer.reset();
      await failed;
      await conn.closed;
    });
  });

  test(`closed of ${kind}: what has operations pending is over at close()`, () =>
    withPeer(async (conn) => {
      const read = conn.read(new Uint8Array(16));
      const pending = [read, conn.read(buffer())].map((read) => read.catch(() => {}));
      const end = conn.closeWrite().catch(() => {});
      assert.ok(await isPending(conn.closed));
      conn.close();
      await conn.closed;
      await Promise.all([...pending, end]);
    }));
}

test("closed of somebody else's connection follows its own, and never rejects", async () => {
  const foreign = (closed: unknown) => ({ read() {}, write() {}, close() {}, closed });
  const none = () => new Promise<void>(() => {});
  for (const end of [Promise.resolve(), Promise.reject(new Error("broke"))]) {
    const conn = completeConn(foreign(end), "tcp", "192.0.2.1:9")!;
    assert.equal(await conn.closed, undefined);
  }
  for (const other of [undefined, null, true, false, 5, none()]) {
    const conn = completeConn(foreign(other), "tcp", "192.0.2.1:9")!;
    assert.ok(await isPending(conn.closed));
    conn.close();
    await conn.closed;
  }
});

test("closed of somebody else's connection resolves when a call throws", async () => {
  for (const call of ["read", "write"] as const) {
    const fails = () => {
      throw new Error("broke");
    };
    const foreign = { read() {}, write() {}, close() {}, [call]: fails };
    const conn = completeConn(foreign, "tcp", "192.0.2.1:9")!;
    await assert.rejects(conn[call](buffer()), /broke/);
    await conn.closed;
  }
});
