import type { Addr, TcpAddr, UnixAddr } from "../../core/addr.ts";
import { redacted } from "../../core/redact.ts";
import { shownValue, valueKind } from "../../core/value_kind.ts";
import { ipBytes } from "../../ip/ip_bytes.ts";
import { concatBytes } from "../handshake/concat_bytes.ts";
import { quoted } from "../handshake/quotable.ts";

/** An additional field of a version 2 header: type and value. */
export interface ProxyProtocolTlv {
  /** The type, 0x00 to 0xff, such as 0x02 (PP2_TYPE_AUTHORITY). */
  readonly type: number;
  /** The value, at most 65,535 bytes. */
  readonly value: Uint8Array;
}

/** Content of a PROXY header. */
export interface ProxyProtocolHeader {
  /** 1 is a line of text, 2 is binary. */
  readonly version: 1 | 2;
  /**
   * Both ends of the connection; without them the header is `UNKNOWN` (version 1) or `LOCAL`
   * (version 2).
   */
  readonly connection?: { readonly source: Addr; readonly destination: Addr };
  /** Additional fields; version 2 only. */
  readonly tlvs?: readonly ProxyProtocolTlv[];
}

const SIGNATURE = Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10);
const UNIX_PATH_BYTES = 108;

/**
 * Encodes the header of HAProxy's PROXY protocol (proxy-protocol.txt, sections 2.1 and 2.2).
 *
 * If one end is IPv4 and the other IPv6, the IPv4 address is written as IPv4-mapped. Zones are
 * omitted. Version 1 does not support unix sockets; their header is `UNKNOWN`.
 *
 * @param header The content.
 * @returns The bytes, to be sent first.
 * @throws {TypeError} If an address is not an IP address, the ends are of different kinds, a path
 *   is longer than 108 bytes, or there are TLVs in version 1 or too long ones.
 * @throws {RangeError} If the version, a port or the type of a TLV is out of range.
 */
export function encodeProxyProtocolHeader(header: ProxyProtocolHeader): Uint8Array {
  const { version, connection, tlvs = [] } = header;
  if (version === 1) {
    if (tlvs.length > 0) throw new TypeError("version 1 of the PROXY protocol has no TLVs");
    return new TextEncoder().encode(encodeVersion1(connection));
  }
  if (version !== 2) {
    throw new RangeError(`the PROXY protocol has no version ${shownValue(version)}`);
  }
  return encodeVersion2(connection, tlvs);
}

function encodeVersion1(connection: ProxyProtocolHeader["connection"]): string {
  const ends = connection && readEnds(connection.source, connection.destination);
  if (ends === undefined || ends.kind === "unix") return "PROXY UNKNOWN\r\n";
  const [source, destination] = ends.addresses.map(ipText);
  return `PROXY TCP${ends.family} ${source} ${destination} ${ends.ports.join(" ")}\r\n`;
}

function encodeVersion2(
  connection: ProxyProtocolHeader["connection"],
  tlvs: readonly ProxyProtocolTlv[],
): Uint8Array {
  const ends = connection && readEnds(connection.source, connection.destination);
  const fields = tlvs.map(encodeTlv);
  if (ends === undefined) return version2(0x20, 0x00, fields);
  if (ends.kind === "unix") return version2(0x21, 0x31, [...ends.addresses, ...fields]);
  const ports = Uint8Array.of(...ends.ports.flatMap((port) => [port >> 8, port & 0xff]));
  return version2(0x21, ends.family === 4 ? 0x11 : 0x21, [...ends.addresses, ports, ...fields]);
}

function version2(command: number, family: number, body: readonly Uint8Array[]): Uint8Array {
  const rest = concatBytes(body);
  if (rest.length > 0xffff) throw new TypeError("the PROXY header is longer than 65535 bytes");
  const lead = Uint8Array.of(command, family, rest.length >> 8, rest.length & 0xff);
  return concatBytes([SIGNATURE, lead, rest]);
}

function encodeTlv({ type, value }: ProxyProtocolTlv): Uint8Array {
  if (!Number.isInteger(type) || type < 0 || type > 0xff) {
    throw new RangeError(`the TLV type ${shownValue(type)} is not between 0 and 255`);
  }
  if (value.length > 0xffff) throw new TypeError("a TLV is longer than 65535 bytes");
  return concatBytes([Uint8Array.of(type, value.length >> 8, value.length & 0xff), value]);
}

type Ends =
  | { kind: "tcp"; family: 4 | 6; addresses: [Uint8Array, Uint8Array]; ports: [number, number] }
  | { kind: "unix"; addresses: [Uint8Array, Uint8Array] };

function readEnds(source: Addr, destination: Addr): Ends {
  if (source.transport === "unix" && destination.transport === "unix") {
    return { kind: "unix", addresses: [pathBytes(source), pathBytes(destination)] };
  }
  if (source.transport !== "tcp" || destination.transport !== "tcp") {
    throw new TypeError("a PROXY header cannot join a TCP address and a unix path");
  }
  const a = readIp(source);
  const b = readIp(destination);
  const family = a.length === 4 && b.length === 4 ? 4 : 6;
  return {
    kind: "tcp",
    family,
    addresses: family === 4 ? [a, b] : [mappedBytes(a), mappedBytes(b)],
    ports: [checkedPort(source.port), checkedPort(destination.port)],
  };
}

function readIp({ hostname }: TcpAddr): Uint8Array {
  if (typeof hostname !== "string") {
    throw new TypeError(`the host of a PROXY header must be a string, not ${valueKind(hostname)}`);
  }
  const bytes = ipBytes(hostname);
  if (bytes !== undefined) return bytes;
  throw new TypeError(
    `${quoted(redacted(hostname))} is not an IP address, as a PROXY header needs`,
  );
}

/** RFC 4291 §2.5.5.2. */
function mappedBytes(bytes: Uint8Array): Uint8Array {
  const prefix = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);
  return bytes.length === 4 ? concatBytes([prefix, bytes]) : bytes;
}

/**
 * Formats from the bytes, since a notation with embedded IPv4 could exceed the limit of 107 bytes a
 * line.
 */
function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Array.from({ length: 8 }, (_, index) => view.getUint16(2 * index).toString(16)).join(":");
}

function checkedPort(port: number): number {
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`port ${shownValue(port)} is not between 0 and 65535`);
  }
  return port;
}

function pathBytes({ path }: UnixAddr): Uint8Array {
  const bytes = new TextEncoder().encode(path);
  if (bytes.length > UNIX_PATH_BYTES) {
    throw new TypeError(`the path ${quoted(redacted(path))} is longer than 108 bytes`);
  }
  const padded = new Uint8Array(UNIX_PATH_BYTES);
  padded.set(bytes);
  return padded;
}
