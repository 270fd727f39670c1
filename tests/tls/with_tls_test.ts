import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import { deriveConn } from "../../src/conn/derive_conn.ts";
import type { DialEvent } from "../../src/core/dial_event.ts";
import type { ContextDialer } from "../../src/core/dialer.ts";
import { splitHostPort } from "../../src/core/host_port.ts";
import { type TlsConn, type TlsOptions, withTls } from "../../src/tls/mod.ts";
import {
  ca,
  client,
  clientEncryptedKey,
  clientPassphrase,
  selfSigned,
  server,
} from "../certs/certificates.ts";
import { netPeer } from "../stream/net_peer.ts";
import { serverNameOf } from "./server_name_of.ts";
import { listenTls } from "./tls_peers.ts";
import { dialerOf } from "../fakes/dialer_of.ts";

type PeerOptions = NonNullable<Parameters<typeof listenTls>[1]>;

/** Dials a peer that was started with `peerOptions`, and closes all afterwards. */
async function dial(
  options: TlsOptions,
  peerOptions: PeerOptions,
  use: (conn: TlsConn) => Promise<void> | void,
  dialer: ContextDialer = systemDialer(),
): Promise<void> {
  const listener = await listenTls("tcp", peerOptions);
  try {
    const { port } = splitHostPort(listener.address);
    const secure = withTls(dialer, { ca: ca.cert, ...options });
    const conn = await secure.dialContext("tcp", `localhost:${port}`);
    try {
      const peer = await listener.accept();
      await peer.write(bytesOf("welcome"));
      await readExactly(conn, 7);
      await use(conn);
    } finally {
      conn.close();
    }
  } finally {
    await listener.close();
  }
}

test("withTls() tells the version, the peer's certificate and the protocol it chose", async () => {
  const alpn = { ALPNProtocols: ["spdy/1", "h2"] };
  await dial({ alpnProtocols: ["http/1.1", "h2"] }, alpn, ({ tls }) => {
    assert.equal(tls.protocol, "TLSv1.3");
    assert.equal(tls.alpnProtocol, "h2");
    assert.deepEqual(
      new Uint8Array(tls.peerCertificate),
      new Uint8Array(new X509Certificate(server.cert).raw),
    );
  });
  await dial({}, { ...alpn, maxVersion: "TLSv1.2" }, ({ tls }) => {
    assert.equal(tls.protocol, "TLSv1.2");
    assert.equal(tls.alpnProtocol, undefined);
  });
});

test("withTls() trusts what it is told to, as text or bytes, one or several", async () => {
  for (
    const trusted of [
      ca.cert,
      bytesOf(ca.cert),
      [selfSigned.cert, bytesOf(ca.cert)],
      selfSigned.cert + ca.cert,
    ]
  ) {
    await dial({ ca: trusted }, {}, () => {});
  }
});

test("withTls() authenticates with a certificate, its key encrypted or not", async () => {
  const wanted = { requestCert: true, rejectUnauthorized: true, ca: ca.cert };
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const { cert, key } = client;
    const peer = { ...wanted, maxVersion: version };
    await dial({ cert, key }, peer, () => {});
    await dial({ cert: bytesOf(cert), key: bytesOf(key) }, peer, () => {});
    await dial(
      { cert, key: clientEncryptedKey, passphrase: clientPassphrase },
      peer,
      () => {},
    );
  }
});

test("withTls() keeps the ends and hops of the connection below", async () => {
  const proxy = { transport: "tcp", hostname: "192.0.2.7", port: 1080 } as const;
  const remoteAddr = { transport: "tcp", hostname: "peer.example", port: 443 } as const;
  let localPort = 0;
  const dialer = dialerOf(async (...args) => {
    const conn = await systemDialer().dialContext(...args);
    if (conn.localAddr.transport === "tcp") localPort = conn.localAddr.port;
    return deriveConn(conn, { remoteAddr, hops: [proxy] });
  });
  await dial({}, {}, (conn) => {
    assert.deepEqual(conn.hops, [proxy]);
    assert.deepEqual(conn.remoteAddr, remoteAddr);
    assert.deepEqual(conn.localAddr, { transport: "tcp", hostname: "127.0.0.1", port: localPort });
  }, dialer);
});

test("withTls() tells of the dial below, then of the handshake", async () => {
  const listener = await listenTls();
  const { address } = listener;
  try {
    const events: DialEvent[] = [];
    const conn = await withTls(systemDialer(), { ca: ca.cert }).dialContext("tcp", address, {
      onEvent: (event) => events.push(event),
    });
    conn.close();
    assert.deepEqual(events.map(({ type }) => type), [
      "dial-start",
      "dial-start",
      "attempt-start",
      "attempt-end",
      "dial-end",
      "handshake-start",
      "handshake-end",
      "dial-end",
    ]);
    const start = events[5]!;
    assert.ok(start.type === "handshake-start");
    assert.deepEqual([start.protocol, start.hop, start.parent], ["tls", address, events[0]!.id]);
    const [below, handshake] = conn.report.children;
    assert.deepEqual([below?.kind, handshake?.kind], ["dial", "handshake"]);
    assert.ok(handshake!.startMs >= below!.startMs + below!.durationMs);
  } finally {
    await listener.close();
  }
});

test("withTls() asks for the host's name, but never for an IP address (RFC 6066 §3)", async () => {
  const asked: [host: string, serverName: string | undefined, sni: string | undefined][] = [
    ["localhost", undefined, "localhost"],
    ["localhost.", undefined, "localhost"],
    ["127.0.0.1", undefined, undefined],
    ["127.0.0.1", "peer.example", "peer.example"],
    ["localhost", "192.0.2.1", undefined],
    ["localhost", "fe80::1%eth0", undefined],
    ["localhost", "Peer.Example.", "peer.example"],
    ["localhost", "bücher.example.", "xn--bcher-kva.example"],
    ["bücher.example", undefined, "xn--bcher-kva.example"],
    ["[::1%lo]", undefined, undefined],
    ["127.1", undefined, undefined],
    ["0x7f.1", undefined, undefined],
  ];
  for (const [host, serverName, sni] of asked) {
    const peer = await netPeer();
    try {
      const here = dialerOf((network, _address, options) =>
        systemDialer().dialContext(network, peer.address, options)
      );
      const secure = withTls(here, serverName === undefined ? {} : { serverName });
      const dialed = secure.dialContext("tcp", `${host}:${peer.port}`);
      const socket = await peer.accept();
      const [hello] = await once(socket, "data");
      socket.destroy();
      await assert.rejects(dialed, { phase: "tls" });
      assert.equal(serverNameOf(hello), sni);
    } finally {
      await peer.close();
    }
  }
});

test("withTls() verifies short forms of an IPv4 address as the address", async () => {
  const listener = await listenTls();
  try {
    const { port } = splitHostPort(listener.address);
    for (const host of ["127.1", "0x7f.1"]) {
      const conn = await withTls(systemDialer(), { ca: ca.cert })
        .dialContext("tcp", `${host}:${port}`);
      conn.close();
    }
  } finally {
    await listener.close();
  }
});

async function readExactly(conn: TlsConn, length: number): Promise<void> {
  const buffer = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await conn.read(buffer.subarray(at));
    assert.notEqual(count, null);
    at += count!;
  }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
