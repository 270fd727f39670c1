import {
  boolean,
  list,
  milliseconds,
  oneOf,
  type OptionChecks,
  text,
  unchecked,
} from "../core/options.ts";
import { isUint8Array } from "../conn/uint8_array.ts";
import { valueKind } from "../core/value_kind.ts";
import { certificateName } from "../ip/host_name.ts";
import { Buffer } from "node:buffer";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";

/** Options of a TLS client. */
export interface TlsOptions {
  /**
   * The name to send to the peer (SNI, RFC 6066 §3) and to verify its certificate against. An IP
   * address is verified and not sent. A Unicode name becomes A-labels (IDNA, as in URLs); a dot at
   * the end and the zone of an address are removed.
   *
   * @default The host of the dialed address. A unix path has none, so it is required there.
   */
  serverName?: string;
  /**
   * Whether the peer's certificate must be valid for the name and signed by a trusted authority.
   * With `false` the peer is not authenticated, unless you check `tls.peerCertificate` of the
   * connection.
   *
   * @default {true}
   */
  verify?: boolean;
  /**
   * Certificate authorities to trust instead of those that the runtime trusts.
   *
   * @default The runtime's own list.
   */
  ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The certificate to authenticate with, followed by its chain if it has one. Needs `key`. */
  cert?: string | Uint8Array;
  /** The certificate's private key. */
  key?: string | Uint8Array;
  /** The passphrase of an encrypted `key`. */
  passphrase?: string;
  /**
   * The application protocols to offer (ALPN, RFC 7301), in order of preference. The peer's choice
   * is `tls.alpnProtocol` of the connection.
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
   * Milliseconds for the handshake, counted from the established connection below it. A handshake
   * that exceeds them fails with a `DialError` with the code `ETIMEDOUT`.
   *
   * @default {undefined} No limit but the dial's signal.
   */
  handshakeTimeoutMs?: number;
}

/** The options with their defaults, checked. */
export interface TlsConfig {
  readonly serverName: string | undefined;
  readonly verify: boolean;
  readonly alpnProtocols: string[];
  readonly secureContext: SecureContext;
  readonly handshakeTimeoutMs: number | undefined;
}

/** The checks of the TLS options. Certificates and keys are checked against each other. */
export const tlsOptions: OptionChecks<TlsOptions> = {
  serverName: checkServerName,
  verify: boolean,
  ca: unchecked,
  cert: unchecked,
  key: unchecked,
  passphrase: text,
  alpnProtocols: list,
  minVersion: oneOf("TLSv1.2", "TLSv1.3"),
  handshakeTimeoutMs: milliseconds(),
};

/**
 * Fills in the defaults of checked options. Throws a TypeError that names an unusable option.
 */
export function tlsConfig(options: TlsOptions): TlsConfig {
  const { serverName, verify = true, minVersion = "TLSv1.2", handshakeTimeoutMs } = options;
  const { cert, key, passphrase } = options;
  const ca = options.ca === undefined ? undefined : [options.ca].flat() as (string | Uint8Array)[];
  // Deno and Node accept many invalid values silently, and fail late or without a reason.
  if (ca?.length === 0) throw new TypeError("ca must not be empty");
  for (const each of ca ?? []) readCertificate("ca", each);
  checkIdentity(cert, key, passphrase);
  return {
    serverName,
    verify,
    alpnProtocols: checkProtocols(options.alpnProtocols ?? []),
    // Node reads absent options from `Object.prototype`, where foreign code may have put a `ca`.
    secureContext: createSecureContext(Object.assign(Object.create(null), {
      ...(ca !== undefined && { ca: ca.map(buffered) }),
      ...(cert !== undefined && { cert: buffered(cert), key: buffered(key!) }),
      ...(passphrase !== undefined && { passphrase }),
      minVersion,
    })),
    handshakeTimeoutMs,
  };
}

function checkServerName(value: unknown): string {
  const name = typeof value === "string" ? certificateName(value) : undefined;
  if (name !== undefined) return name;
  // Not quoted: it may be a URL with a password.
  throw new TypeError("serverName must be a host name or an IP address");
}

function checkIdentity(
  cert: string | Uint8Array | undefined,
  key: string | Uint8Array | undefined,
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

function readCertificate(option: "ca" | "cert", pem: string | Uint8Array): X509Certificate {
  try {
    return new X509Certificate(buffered(pem));
  } catch (cause) {
    throw new TypeError(`${option} is no certificate in PEM`, { cause });
  }
}

/** Node's types accept no other bytes. */
function buffered(pem: string | Uint8Array): string | Buffer {
  if (typeof pem === "string") return pem;
  if (isUint8Array(pem)) return Buffer.from(pem);
  throw new TypeError(`PEM must be text or bytes, not ${valueKind(pem)}`);
}

function checkProtocols(protocols: readonly string[]): string[] {
  for (const protocol of protocols) {
    // RFC 7301 §3.1: the length is one byte.
    const bytes = typeof protocol === "string" ? new TextEncoder().encode(protocol).length : 0;
    if (bytes < 1 || bytes > 255) {
      const shown = (protocol as unknown) === "" ? '""' : valueKind(protocol);
      throw new TypeError(`alpnProtocols must be names of 1 to 255 bytes, not ${shown}`);
    }
  }
  return [...protocols];
}
