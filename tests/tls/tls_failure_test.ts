import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import { DialError, isDialError } from "../../src/core/dial_error.ts";
import { splitHostPort } from "../../src/core/host_port.ts";
import { type TlsOptions, withTls } from "../../src/tls/mod.ts";
import * as certificates from "../certs/certificates.ts";
import { type NetPeer, netPeer } from "../stream/net_peer.ts";
import { listenTls } from "./tls_peers.ts";
import { dialerOf } from "../fakes/dialer_of.ts";

const { ca, client, clientEncryptedKey, expired, selfSigned, server, wrongName } = certificates;

type PeerOptions = NonNullable<Parameters<typeof listenTls>[1]>;

/** What a dial of a TLS peer fails with. */
async function failure(
  peerOptions: PeerOptions,
  options: TlsOptions,
  host = "127.0.0.1",
): Promise<DialError> {
  const listener = await listenTls("tcp", peerOptions);
  try {
    const { port } = splitHostPort(listener.address);
    return await failedDial(options, `${host}:${port}`);
  } finally {
    await listener.close();
  }
}

async function failedDial(options: TlsOptions, address: string): Promise<DialError> {
  const dial = withTls(systemDialer(), options).dialContext("tcp", address);
  const error: unknown = await dial.then((conn) => conn.close(), (error) => error);
  assert.ok(isDialError(error), `a DialError, not ${error}`);
  assert.equal(error.report.outcome, "failed");
  assert.equal(error.report.children.at(-1)?.error?.code, error.code);
  return error;
}

const bad: [what: string, peer: PeerOptions, options: TlsOptions, code: string, reason: RegExp][] =
  [
    ["an expired certificate", keyPair(expired), {}, "CERT_HAS_EXPIRED", /has expired$/],
    [
      "a self-signed certificate",
      keyPair(selfSigned),
      {},
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      /self-signed/,
    ],
    [
      "a certificate that nobody trusted has signed",
      keyPair(server),
      { ca: selfSigned.cert },
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      /not signed by anybody trusted$/,
    ],
    [
      "a certificate for another IP address",
      keyPair(wrongName),
      {},
      "ERR_TLS_CERT_ALTNAME_INVALID",
      /not for 127\.0\.0\.1 but for DNS:wrong\.example, IP Address:192\.0\.2\.1$/,
    ],
    [
      "a certificate for another name",
      keyPair(server),
      { serverName: "peer.example" },
      "ERR_TLS_CERT_ALTNAME_INVALID",
      /not for peer\.example but for DNS:localhost/,
    ],
  ];

for (const [what, peer, options, code, reason] of bad) {
  test(`${what} is ${code}`, async () => {
    const error = await failure(peer, { ca: ca.cert, ...options });
    assert.equal(error.code, code);
    assert.equal(error.phase, "tls");
    assert.match(error.message, reason);
    assert.match(error.message, /^Cannot dial tcp 127\.0\.0\.1:\d+: certificate|self-signed/);
    assert.ok(error.cause !== undefined);
  });

  test(`${what} is taken with verify: false`, async () => {
    const listener = await listenTls("tcp", peer);
    try {
      const dialer = withTls(systemDialer(), { ca: ca.cert, ...options, verify: false });
      const conn = await dialer.dialContext("tcp", listener.address);
      assert.ok(conn.tls.peerCertificate.byteLength > 0);
      conn.close();
    } finally {
      await listener.close();
    }
  });
}

test("nobody is trusted but the runtime's own authorities where no ca is given", async () => {
  const error = await failure(keyPair(server), {});
  assert.equal(error.code, "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
});

test("a version that the peer has not is ERR_TLS_HANDSHAKE, and so is a protocol", async () => {
  const old = await failure({ maxVersion: "TLSv1.2" }, { ca: ca.cert, minVersion: "TLSv1.3" });
  assert.equal(old.code, "ERR_TLS_HANDSHAKE");
  assert.match(old.reason, /^TLS handshake failed: .*protocol.?version/);
  const other = await failure({ ALPNProtocols: ["h2"] }, {
    ca: ca.cert,
    alpnProtocols: ["http/1.1"],
  });
  assert.equal(other.code, "ERR_TLS_HANDSHAKE");
  assert.match(other.reason, /application.?protocol/);
});

test("a missing client certificate fails the handshake, in TLS 1.3 the first read", async () => {
  const wanted = { requestCert: true, rejectUnauthorized: true, ca: ca.cert };
  const error = await failure({ ...wanted, maxVersion: "TLSv1.2" }, { ca: ca.cert });
  assert.equal(error.code, "ERR_TLS_HANDSHAKE");
  const listener = await listenTls("tcp", wanted);
  try {
    const dialer = withTls(systemDialer(), { ca: ca.cert });
    const conn = await dialer.dialContext("tcp", listener.address);
    await assert.rejects(conn.read(new Uint8Array(8)), (error: { code?: string }) => {
      assert.match(error.code ?? "", /ALERT_CERTIFICATE_REQUIRED$/);
      return true;
    });
    conn.close();
  } finally {
    await listener.close();
  }
});

test("a peer that speaks no TLS is ERR_TLS_HANDSHAKE", async () => {
  await withPeer(async (peer) => {
    const dial = failedDial({}, peer.address);
    (await peer.accept()).write("HTTP/1.1 400 Bad Request\r\n\r\n");
    const error = await dial;
    assert.equal(error.code, "ERR_TLS_HANDSHAKE");
    assert.equal(error.phase, "tls");
    assert.match(error.message, /^[^\n\r]*[^.\s]$/);
  });
});

test("a peer that ends or resets the handshake is ECONNRESET", async () => {
  for (const how of ["end", "resetAndDestroy"] as const) {
    await withPeer(async (peer) => {
      const dial = failedDial({}, peer.address);
      const socket = await peer.accept();
      await once(socket, "data");
      socket[how]();
      const error = await dial;
      assert.equal(error.code, "ECONNRESET");
      assert.equal(error.phase, "tls");
      assert.match(error.reason, /broke off the TLS handshake$/);
    });
  }
});

test("handshakeTimeoutMs is ETIMEDOUT, and the connection is closed", async () => {
  await withPeer(async (peer) => {
    const dial = failedDial({ handshakeTimeoutMs: 50 }, peer.address);
    const socket = await peer.accept();
    const ended = once(socket.resume(), "end");
    const error = await dial;
    assert.equal(error.code, "ETIMEDOUT");
    assert.equal(error.phase, "tls");
    assert.equal((error.cause as Error).name, "TimeoutError");
    assert.match(error.message, /timed out after 50 ms$/);
    await ended;
  });
});

test("an abort during the handshake is the reason itself, and the connection is closed", async () => {
  for (const reason of [new Error("enough"), "a word", null]) {
    await withPeer(async (peer) => {
      const controller = new AbortController();
      const dial = withTls(systemDialer()).dialContext("tcp", peer.address, {
        signal: controller.signal,
      });
      const socket = await peer.accept();
      await once(socket, "data");
      const ended = once(socket.resume(), "end");
      controller.abort(reason);
      assert.equal(await dial.then(() => "dialed", (error) => error), reason);
      await ended;
    });
  }
});

test("the failure of the dial below keeps what it says, and gets the whole report", async () => {
  const below = dialerOf(async (network, address, options) => {
    const dial = systemDialer().dialContext(network, "127.0.0.1:1", options);
    const cause: unknown = await dial.then(() => undefined, (error) => error);
    assert.ok(isDialError(cause));
    const { code, report } = cause;
    throw new DialError({
      code,
      phase: "proxy",
      network,
      address,
      reason: "proxy is down",
      via: "socks5://127.0.0.1:1",
      hop: "127.0.0.1:1",
      blame: "proxy",
      cause,
      report,
    });
  });
  const dial = withTls(below).dialContext("tcp", "peer.example:443");
  const error: unknown = await dial.then(() => undefined, (error) => error);
  assert.ok(isDialError(error));
  assert.deepEqual(
    [error.code, error.phase, error.hop, error.blame],
    ["ECONNREFUSED", "proxy", "127.0.0.1:1", "proxy"],
  );
  const message = "Cannot dial tcp peer.example:443 via socks5://127.0.0.1:1: proxy is down";
  assert.equal(error.message, message);
  const [child] = error.report.children;
  assert.equal(child?.label, (error.cause as DialError).report.label);
  assert.equal(child?.children[0]?.kind, "attempt");
});

test("an address without a name cannot be verified", async () => {
  const listener = await listenTls("unix");
  try {
    const secure = withTls(systemDialer(), { ca: ca.cert });
    await assert.rejects(secure.dialContext("unix", listener.address), {
      code: "ERR_DIAL_ADDRESS",
      message: /serverName is missing/,
    });
  } finally {
    await listener.close();
  }
});

test("withTls() refuses unusable options, and repeats no secret", () => {
  const { cert, key } = client;
  const dialer = systemDialer();
  const unusable: [TlsOptions, RegExp][] = [
    [{ serverName: "" }, /^serverName must be a host name/],
    [{ serverName: "https://user:hunter2@peer.example" }, /^serverName must be a host name/],
    [{ serverName: "peer.example:443" }, /^serverName must be a host name/],
    [{ verify: "no" as unknown as boolean }, /^verify .*no/],
    [{ ca: [] }, /^ca must not be empty/],
    [{ ca: "nonsense" }, /^ca is no certificate/],
    [{ cert }, /^cert and key/],
    [{ key }, /^cert and key/],
    [{ cert: "nonsense", key }, /^cert is no certificate/],
    [{ cert, key: "nonsense" }, /^key is no private key/],
    [{ cert, key: clientEncryptedKey }, /^key is no private key/],
    [{ cert, key: clientEncryptedKey, passphrase: "hunter2" }, /^key .*passphrase/],
    [{ cert, key: server.key }, /^key is not that of cert/],
    [{ passphrase: "hunter2" }, /^passphrase needs a key/],
    [{ alpnProtocols: [""] }, /^alpnProtocols .*""/],
    [{ alpnProtocols: ["x".repeat(256)] }, /^alpnProtocols/],
    [{ minVersion: "TLSv1" as "TLSv1.2" }, /^minVersion must be "TLSv1.2" or "TLSv1.3"$/],
    [{ handshakeTimeoutMs: 0 }, /^handshakeTimeoutMs .*0$/],
    [{ handshakeTimeoutMs: NaN }, /^handshakeTimeoutMs .*NaN$/],
  ];
  for (const [options, message] of unusable) {
    assert.throws(() => withTls(dialer, options), (error: Error) => {
      assert.ok(error instanceof TypeError || error instanceof RangeError);
      assert.match(error.message, message);
      assert.doesNotMatch(`${error.stack} ${error.cause}`, /hunter2/);
      return true;
    });
  }
  assert.throws(() => withTls({} as never), TypeError);
});

function keyPair({ cert, key }: certificates.TestCertificate): PeerOptions {
  return { cert, key };
}

async function withPeer(use: (peer: NetPeer) => Promise<void>): Promise<void> {
  const peer = await netPeer();
  try {
    await use(peer);
  } finally {
    await peer.close();
  }
}
