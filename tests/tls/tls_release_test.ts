import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import type { Conn } from "../../src/core/conn.ts";
import { deriveConn } from "../../src/conn/derive_conn.ts";
import { readExactly } from "../../src/testing/read_all.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";
import { WatchedSignal } from "../../src/testing/watched_signal.ts";
import { hostToVerify } from "../../src/tls/host_to_verify.ts";
import { withTls } from "../../src/tls/mod.ts";
import { ca } from "../certs/certificates.ts";
import { dialerOf } from "../fakes/dialer_of.ts";
import { watchTimers } from "../fakes/live_timers.ts";
import { netPeer } from "../stream/net_peer.ts";
import { listenTls } from "./tls_peers.ts";

/** A delay that no other timer has. */
const handshakeTimeoutMs = 54_321;

test("a handshake that went well leaves no timer and no listener behind", async () => {
  const listener = await listenTls();
  try {
    await watchTimers(handshakeTimeoutMs, async (timers) => {
      const watched = new WatchedSignal();
      const dialer = withTls(systemDialer(), { ca: ca.cert, handshakeTimeoutMs });
      const dial = dialer.dialContext("tcp", listener.address, { signal: watched.signal });
      const [conn, peer] = await Promise.all([dial, listener.accept()]);
      assert.equal(timers.set, 1);
      // One that is left would keep the process, and break the connection later.
      assert.equal(timers.left.length, 0, "a timer is left");
      assert.equal(watched.listeners, 0, "a listener is left");
      watched.abort("too late");
      await peer.write(Uint8Array.of(1, 2, 3));
      assert.deepEqual(await readExactly(conn, 3), Uint8Array.of(1, 2, 3));
      conn.close();
    });
  } finally {
    await listener.close();
  }
});

test("a handshake that fails or is aborted leaves no timer and no listener behind", async () => {
  const ends: [how: string, end: (watched: WatchedSignal) => void][] = [
    ["abort", (watched) => watched.abort("enough")],
    ["failure", () => {}],
  ];
  for (const [how, end] of ends) {
    const peer = await netPeer();
    await watchTimers(handshakeTimeoutMs, async (timers) => {
      const watched = new WatchedSignal();
      const dialer = withTls(systemDialer(), { ca: ca.cert, handshakeTimeoutMs });
      const dial = rejectionOf(dialer.dialContext("tcp", peer.address, { signal: watched.signal }));
      const socket = await peer.accept();
      await once(socket, "data");
      assert.equal(timers.left.length, 1);
      if (how === "failure") socket.end("no TLS here");
      end(watched);
      const reason = await dial;
      assert.equal(how === "abort", reason === "enough");
      assert.equal(timers.left.length, 0, how);
      assert.equal(watched.listeners, 0, how);
    });
    await peer.close();
  }
});

test("close() gives up on a peer that does not take close_notify, and not before", async () => {
  for (const blocks of [true, false]) {
    let blocked = false;
    let closed: Promise<void> | undefined;
    const below = dialerOf(async (...args) => {
      const conn = deriveConn(await systemDialer().dialContext(...args), {});
      const write = conn.write.bind(conn);
      conn.write = (data) => blocked ? new Promise(() => {}) : write(data);
      closed = new Promise((resolve) => {
        for (const name of ["close", "reset"] as const) {
          const end = conn[name].bind(conn);
          conn[name] = () => (resolve(), end());
        }
      });
      return conn;
    });
    const listener = await listenTls();
    try {
      // Nothing is written: for what was, a connection lingers anyway.
      const conn = await withTls(below, { ca: ca.cert }).dialContext("tcp", listener.address);
      await listener.accept();
      blocked = blocks;
      const start = performance.now();
      conn.close();
      await within(5_000, closed!);
      // Before that it may still be sent.
      const ms = performance.now() - start;
      if (blocks) assert.ok(ms > 300, `closed after ${ms} ms`);
    } finally {
      await listener.close();
    }
  }
});

test("a certificate is verified for the address without its zone", async () => {
  assert.equal(hostToVerify("tcp", "[fe80::1%eth0]:443"), "fe80::1");
  assert.equal(hostToVerify("tcp6", "[fe80::1%25]:443"), "fe80::1");
  assert.equal(hostToVerify("tcp", "[2001:db8::1]:443"), "2001:db8::1");
  assert.equal(hostToVerify("tcp", "Peer.Example.:443"), "peer.example");
  const listener = await listenTls("tcp6");
  try {
    // The certificate is for ::1. What the zone is worth is the business of whoever dials.
    const here = dialerOf((network, address, options) => {
      return systemDialer().dialContext(network, address.replace("%lo", ""), options);
    });
    const address = listener.address.replace("::1", "::1%lo");
    const conn: Conn = await withTls(here, { ca: ca.cert }).dialContext("tcp", address);
    conn.close();
  } finally {
    await listener.close();
  }
});

/** Fails where something takes so long that it will not happen. */
async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing happens for ${ms} ms`)), ms);
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
