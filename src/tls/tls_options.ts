import { Buffer } from "node:buffer";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";

/** A certificate or key in PEM, as text or as its bytes. */
export type PEM = string | Uint8Array;

/** How TLS is made over a connection. */
export interface TLSOptions {
  /**
   * The name to ask the peer for (SNI, RFC 6066 §3) and to verify its certificate against; an IP address is only verified.
   *
   * @default The host of the dialed address. A unix path names none, so there it has to be given.
   */
  serverName?: string;
  /**
   * Whether the peer's certificate has to be valid for the name and signed by somebody trusted. With `false` anybody can
   * be the peer, unless you check `tls.peerCertificate` of the connection.
   *
   * @default {true}
   */
  verify?: boolean;
  /**
   * Whom to trust instead of the certificate authorities that the runtime trusts.
   *
   * @default The runtime's own list.
   */
  ca?: PEM | readonly PEM[];
  /** The certificate to authenticate with, its chain after it where there is one. Needs `key`. */
  cert?: PEM;
  /** The certificate's private key. */
  key?: PEM;
  /** What `key` is encrypted with. */
  passphrase?: string;
  /**
   * The application protocols to offer (ALPN, RFC 7301), the best first; `tls.alpnProtocol` of the connection is the peer's
   * choice.
   *
   * @default {[]} None are offered.
   */
  alpnProtocols?: readonly string[];
  /**
   * The lowest version to accept.
   *
   * @default {"TLSv1.2"}
   */
  minVersion?: "TLSv1.2" | "TLSv1.3";
  /**
   * Milliseconds for the handshake, from the moment that the connection below it is there. Running out is a `DialError` with
   * the code `ETIMEDOUT`.
   *
   * @default {undefined} No limit but the dial's signal.
   */
  handshakeTimeoutMs?: number;
}

/** The options with their defaults, checked. */
export interface TLSConfig {
  readonly serverName: string | undefined;
  readonly verify: boolean;
  readonly alpnProtocols: string[];
  readonly secureContext: SecureContext;
  readonly handshakeTimeoutMs: number | undefined;
}

/** Checks the options and fills in the defaults. Throws a TypeError or RangeError that names the bad value. */
export function tlsConfig(options: TLSOptions): TLSConfig {
  const { serverName, verify = true, minVersion = "TLSv1.2", handshakeTimeoutMs } = options;
  if (serverName !== undefined && (typeof serverName !== "string" || serverName === "")) {
    throw new TypeError(`serverName must be a name, not ${JSON.stringify(serverName)}`);
  }
  if (typeof verify !== "boolean") {
    throw new TypeError(`verify must be a boolean, not ${String(verify)}`);
  }
  if (minVersion !== "TLSv1.2" && minVersion !== "TLSv1.3") {
    throw new RangeError(`minVersion must be "TLSv1.2" or "TLSv1.3", not ${String(minVersion)}`);
  }
  if (
    handshakeTimeoutMs !== undefined && !(handshakeTimeoutMs >= 1 && handshakeTimeoutMs <= maxMs)
  ) {
    throw new RangeError(
      `handshakeTimeoutMs must be between 1 and ${maxMs} ms, not ${String(handshakeTimeoutMs)}`,
    );
  }
  const { cert, key, passphrase } = options;
  const ca = options.ca === undefined ? undefined : [options.ca].flat() as PEM[];
  // Deno and Node take much of what is wrong here in silence, and fail late or without a word.
  if (ca?.length === 0) throw new TypeError("ca must not be empty");
  for (const each of ca ?? []) readCertificate("ca", each);
  checkIdentity(cert, key, passphrase);
  return {
    serverName,
    verify,
    alpnProtocols: checkProtocols(options.alpnProtocols ?? []),
    secureContext: createSecureContext({
      ...(ca !== undefined && { ca: ca.map(buffered) }),
      ...(cert !== undefined && { cert: buffered(cert), key: buffered(key!) }),
      ...(passphrase !== undefined && { passphrase }),
      minVersion,
    }),
    handshakeTimeoutMs,
  };
}

/** The longest delay that timers take. */
const maxMs = 2 ** 31 - 1;

function checkIdentity(
  cert: PEM | undefined,
  key: PEM | undefined,
  passphrase: string | undefined,
): void {
  if (cert === undefined && key === undefined) {
    if (passphrase !== undefined) throw new TypeError("passphrase needs a key");
    return;
  }
  if (cert === undefined || key === undefined) throw new TypeError("cert and key need each other");
  const certificate = readCertificate("cert", cert);
  let privateKey;
  try {
    privateKey = createPrivateKey({ key: buffered(key), format: "pem", passphrase });
  } catch (cause) {
    const why = passphrase === undefined ? "" : ", or passphrase is not its own";
    throw new TypeError(`key is no private key in PEM${why}`, { cause });
  }
  if (!certificate.checkPrivateKey(privateKey)) throw new TypeError("key is not that of cert");
}

function readCertificate(option: "ca" | "cert", pem: PEM): X509Certificate {
  try {
    return new X509Certificate(buffered(pem));
  } catch (cause) {
    throw new TypeError(`${option} is no certificate in PEM`, { cause });
  }
}

/** Node's types know no other bytes. */
function buffered(pem: PEM): string | Buffer {
  return typeof pem === "string" ? pem : Buffer.from(pem);
}

function checkProtocols(protocols: readonly string[]): string[] {
  if (!Array.isArray(protocols)) throw new TypeError("alpnProtocols must be an array of names");
  for (const protocol of protocols) {
    // RFC 7301 §3.1: a byte has its length.
    const bytes = typeof protocol === "string" ? new TextEncoder().encode(protocol).length : 0;
    if (bytes < 1 || bytes > 255) {
      throw new TypeError(
        `alpnProtocols must be names of 1 to 255 bytes, not ${JSON.stringify(protocol)}`,
      );
    }
  }
  return [...protocols];
}
