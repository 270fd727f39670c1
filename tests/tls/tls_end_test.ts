import assert from "node:assert/strict";
import { test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import type { Conn } from "../../src/core/conn.ts";
import { deriveConn } from "../../src/conn/derive_conn.ts";
import type { PeerConn } from "../../src/testing/mod.ts";
import { withTls } from "../../src/tls/mod.ts";
import { ca } from "../certs/certificates.ts";
import { runtime } from "../runtime.ts";
import { recordsOf, type Relay, relay } from "./relay.ts";
import { listenTls } from "./tls_peers.ts";
import { dialerOf } from "../fakes/dialer_of.ts";

const dialer = withTls(systemDialer(), { ca: ca.cert });
const versions = ["TLSv1.2", "TLSv1.3"] as const;

interface Ends {
  conn: Conn;
  peer: PeerConn;
  between: Relay;
}

/** Gives `use` a connection in TLS, its peer, and somebody between them. */
async function withRelay(
  maxVersion: "TLSv1.2" | "TLSv1.3",
  use: (ends: Ends) => Promise<void>,
): Promise<void> {
  const listener = await listenTls("tcp", { maxVersion });
  const between = await relay(listener.address);
  try {
    const conn = await dialer.dialContext("tcp", between.address);
    assert.equal(conn.tls.protocol, maxVersion);
    try {
      await use({ conn, peer: await listener.accept(), between });
    } finally {
      conn.close();
    }
  } finally {
    await between.close();
    await listener.close();
  }
}

const truncated = { code: "ERR_SSL_UNEXPECTED_EOF_WHILE_READING" };

for (const version of versions) {
  test(`an end without close_notify is an error (${version})`, async () => {
    await withRelay(version, async ({ conn, peer, between }) => {
      await peer.write(bytesOf("as far as"));
      assert.equal(await readText(conn, 9), "as far as");
      const pending = conn.read(new Uint8Array(8));
      between.cut();
      await assert.rejects(pending, truncated);
      await assert.rejects(conn.read(new Uint8Array(8)), truncated);
    });
  });

  test(`a late reader gets what came before an end without close_notify (${version})`, async () => {
    await withRelay(version, async ({ conn, peer, between }) => {
      await peer.write(new Uint8Array(100_000).fill(65));
      let text = await readText(conn, 1);
      between.cut();
      await assert.rejects(async () => {
        while (text.length <= 100_000) text += await readText(conn, 1);
      }, truncated);
      assert.match(text, /^A+$/);
    });
  });

  test(`an end with close_notify is an end, also to a late reader (${version})`, async () => {
    for (const late of [false, true]) {
      await withRelay(version, async ({ conn, peer, between }) => {
        const text = late ? undefined : readText(conn, 11);
        await peer.write(bytesOf("that is all"));
        await peer.closeWrite();
        await between.peerEnded;
        assert.equal(await (text ?? readText(conn, 11)), "that is all");
        assert.equal(await conn.read(new Uint8Array(8)), null);
      });
    }
  });

  test(`every end of ours sends close_notify (${version})`, async () => {
    const ends: [said: string, end: (conn: Conn) => unknown][] = [
      ["bye", (conn) => conn.closeWrite()],
      ["bye", (conn) => conn.close()],
      ["", (conn) => conn.close()],
      ["bye", (conn) => {
        conn.read(new Uint8Array(8)).catch(() => {});
        conn.close();
      }],
    ];
    for (const [said, end] of ends) {
      await withRelay(version, async ({ conn, peer, between }) => {
        await conn.write(bytesOf(said));
        await end(conn);
        assert.equal(await readPeer(peer), said);
        // In TLS 1.3 an alert looks like data (RFC 8446 §5.1): two bytes, their type, and a tag of 16.
        const last = recordsOf(between.sent()).pop();
        if (version === "TLSv1.2") assert.equal(last?.type, 21);
        else assert.deepEqual(last, { type: 23, length: 19 });
      });
    }
  });
}

test("it can be written to after the peer's end, but not on Bun", async () => {
  await withRelay("TLSv1.3", async ({ conn, peer }) => {
    await peer.closeWrite();
    assert.equal(await conn.read(new Uint8Array(8)), null);
    // Bun answers a close_notify by one of its own.
    if (runtime === "bun") return await assert.rejects(conn.write(bytesOf("x")), { code: "EPIPE" });
    await conn.write(bytesOf("still here"));
    await conn.closeWrite();
    assert.equal(await readPeer(peer), "still here");
  });
});

test("close() closes the connection below though close_notify cannot be sent", async () => {
  let blocked = false;
  const below = dialerOf(async (...args) => {
    const conn = deriveConn(await systemDialer().dialContext(...args), {});
    const write = conn.write.bind(conn);
    conn.write = (data) => blocked ? new Promise(() => {}) : write(data);
    return conn;
  });
  const listener = await listenTls();
  const between = await relay(listener.address);
  try {
    const conn = await withTls(below, { ca: ca.cert }).dialContext("tcp", between.address);
    await conn.write(bytesOf("hello"));
    blocked = true;
    conn.close();
    await between.clientEnded;
  } finally {
    await between.close();
    await listener.close();
  }
});

async function readText(conn: Pick<Conn, "read">, length: number): Promise<string> {
  const buffer = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const count = await conn.read(buffer.subarray(at));
    assert.notEqual(count, null, "the connection ended");
    at += count!;
  }
  return new TextDecoder().decode(buffer);
}

async function readPeer(peer: PeerConn): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(64);
  for (let count; (count = await peer.read(buffer)) !== null;) {
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return text;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
