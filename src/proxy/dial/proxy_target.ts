import { redacted } from "../../core/redact.ts";
import { shownValue } from "../../core/value_kind.ts";
import { asciiName } from "../../ip/host_name.ts";
import { ipBytes } from "../../ip/ip_bytes.ts";
import { quoted } from "../handshake/quotable.ts";

/** The target of a tunnel, in a form that is safe in any request. */
export type ProxyTarget =
  | {
    readonly kind: "ip";
    readonly family: 4 | 6;
    /** The address without brackets. */
    readonly host: string;
    /** The address in network order, 4 or 16 bytes. */
    readonly bytes: Uint8Array;
    readonly port: number;
  }
  | {
    readonly kind: "name";
    /** The name in ASCII, 1 to 255 bytes. */
    readonly host: string;
    readonly port: number;
  };

/**
 * Parses a target for a proxy. Unicode names become A-labels (IDNA, as in URLs).
 *
 * A name may have letters, digits, `-`, `_` and `.` only, so that no target can inject a NUL, a
 * line break or a second request into a handshake. Names that `inet_aton` parses as addresses
 * (`127.1`, `0x7f.1`) are rejected: their meaning would depend on the proxy, and rules by address
 * would not match them.
 *
 * @param host A name, an IPv4 address, or an IPv6 address with or without brackets.
 * @param port The port, 1 to 65535.
 * @returns The target.
 * @throws {TypeError} If `host` is neither, has a zone (which is meaningless on another machine),
 *   or is too long.
 * @throws {RangeError} If `port` is out of range.
 */
export function proxyTarget(host: string, port: number): ProxyTarget {
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new RangeError(`port ${shownValue(port)} is not between 1 and 65535`);
  }
  const bare = /^\[.*:.*\]$/s.test(host) ? host.slice(1, -1) : host;
  const bytes = ipBytes(bare);
  if (bytes !== undefined) {
    if (bare.includes("%")) {
      throw new TypeError(`the zone in ${quoted(redacted(host))} means nothing to a proxy`);
    }
    return { kind: "ip", family: bytes.length === 4 ? 4 : 6, host: bare, bytes, port };
  }
  if (host === "") throw new TypeError("a proxy needs a host to connect to");
  const name = asciiName(host);
  if (name === undefined) {
    throw new TypeError(`${quoted(redacted(host))} is neither a host name nor an IP address`);
  }
  if (name.length > 255) throw new TypeError(`${quoted(redacted(host))} is longer than 255 bytes`);
  return { kind: "name", host: name, port };
}
