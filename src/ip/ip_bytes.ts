import { ipFamily } from "./ip_literal.ts";

/**
 * Returns the bytes of an IP literal. (Not by `ipaddr.js`: 2.5.0 reads `::192.0.2.1` as
 * `::ffff:192.0.2.1`.)
 *
 * @param literal IPv4, or IPv6 without brackets; a zone is ignored.
 * @returns 4 or 16 bytes in network order, or `undefined` if `literal` is no IP literal.
 */
export function ipBytes(literal: string): Uint8Array | undefined {
  const family = ipFamily(literal);
  if (family === undefined) return undefined;
  const text = literal.replace(/%.*$/s, "");
  return Uint8Array.from(family === 4 ? text.split(".").map(Number) : ipv6Bytes(text));
}

function ipv6Bytes(text: string): number[] {
  const [head, tail] = text.split("::").map((half) =>
    half === ""
      ? []
      : half.split(":").flatMap((part) =>
        part.includes(".")
          ? part.split(".").map(Number)
          : [parseInt(part, 16) >> 8, parseInt(part, 16) & 0xff]
      )
  ) as [number[], number[]?];
  return tail === undefined
    ? head
    : [...head, ...Array(16 - head.length - tail.length).fill(0), ...tail];
}

/**
 * Returns the IPv4 address of an IPv4-mapped IPv6 address (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2).
 *
 * @param bytes 4 or 16 bytes.
 * @returns The 4 bytes of a mapped address; any other address as it is.
 */
export function unmappedBytes(bytes: Uint8Array): Uint8Array {
  const mapped = bytes.length === 16 && bytes.subarray(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 0xff && bytes[11] === 0xff;
  return mapped ? bytes.subarray(12) : bytes;
}

/** Whether a literal is an IPv4-mapped IPv6 address, and so reaches its peer over IPv4. */
export function isIPv4Mapped(literal: string): boolean {
  // The fast path: most literals are not mapped.
  if (!/ffff:/i.test(literal)) return false;
  const bytes = ipBytes(literal);
  return bytes?.length === 16 && unmappedBytes(bytes).length === 4;
}

/**
 * Whether an address is in a CIDR range.
 *
 * @param bytes The address, 4 or 16 bytes.
 * @param base Any address of the range, 4 or 16 bytes.
 * @param bits The length of the common prefix in bits.
 * @returns Whether both are of one version and have this prefix in common.
 */
export function inIpRange(bytes: Uint8Array, base: Uint8Array, bits: number): boolean {
  if (bytes.length !== base.length) return false;
  const whole = bits >> 3;
  for (let index = 0; index < whole; index++) {
    if (bytes[index] !== base[index]) return false;
  }
  const mask = 0xff00 >> (bits & 7) & 0xff;
  return mask === 0 || ((bytes[whole]! ^ base[whole]!) & mask) === 0;
}
