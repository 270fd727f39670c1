import { redacted } from "../../core/redact.ts";
import { inIpRange, ipBytes, unmappedBytes } from "../../ip/ip_bytes.ts";
import { asciiName } from "../dial/proxy_target.ts";
import { quoted } from "../handshake/quotable.ts";

/** One entry of a NO_PROXY list; without a port it holds for all of them. */
export type NoProxyRule =
  & { readonly port?: number }
  & (
    | { readonly kind: "all" }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "suffix"; readonly suffix: string }
    | { readonly kind: "range"; readonly base: Uint8Array; readonly bits: number }
  );

/**
 * Reads a NO_PROXY list, its entries parted by commas or white space.
 *
 * - `peer.example`: that name and nothing below it (as in undici; curl and Go take what is below
 *   it, too);
 * - `.peer.example`, `*.peer.example`: whatever is below it, and not the name itself;
 * - `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`: that address, also where it is dialed in another
 *   spelling;
 * - `10.0.0.0/8`, `fd00::/8`: the addresses of that range; so do `10.*`, `172.17.*.*`, `2001:db8:*`
 *   and `10.0.0.0/255.0.0.0`;
 * - any of these but a range with a slash or of IPv6 with `:port` (IPv6 in brackets): that port
 *   alone;
 * - `*`: everything.
 *
 * Names are compared without regard to case or a trailing dot, Unicode names as A-labels. Names are
 * not looked up: a rule with addresses never matches a name. Nothing matches by itself, not even
 * localhost.
 *
 * @param text The list; may be empty.
 * @returns The rules.
 * @throws {TypeError} If an entry is none of these; the message quotes it without what may be a
 *   secret.
 */
export function parseNoProxy(text: string): readonly NoProxyRule[] {
  return text.split(/[\s,]+/).filter((entry) => entry !== "").map(parseRule);
}

/**
 * Tells whether a target is to be reached without a proxy.
 *
 * @param rules What {@linkcode parseNoProxy} gave.
 * @param host A name or an IP address without brackets.
 * @param port The port.
 * @returns Whether any rule holds.
 */
export function matchesNoProxy(rules: readonly NoProxyRule[], host: string, port: number): boolean {
  const ip = readIp(host);
  const name = ip === undefined ? comparable(host) : undefined;
  return rules.some((rule) => {
    if (rule.port !== undefined && rule.port !== port) return false;
    if (rule.kind === "all") return true;
    if (rule.kind === "range") return ip !== undefined && inIpRange(ip, rule.base, rule.bits);
    if (name === undefined) return false;
    return rule.kind === "name" ? name === rule.name : name.endsWith(rule.suffix);
  });
}

function parseRule(entry: string): NoProxyRule {
  const bad = () =>
    new TypeError(
      `Cannot read NO_PROXY: ${
        quoted(redacted(entry))
      } is neither a name, nor an IP address, nor a CIDR range; ${forms}`,
    );
  const slash = entry.indexOf("/");
  if (slash >= 0) {
    const written = ipBytes(entry.slice(0, slash));
    const bits = written && prefixBits(entry.slice(slash + 1), written.length);
    if (written === undefined || bits === undefined) throw bad();
    return rangeOf(written, bits);
  }
  const whole = readIp(entry);
  if (whole !== undefined) return { kind: "range", base: whole, bits: 8 * whole.length };
  const [, host, digits] = /^(.*?)(?::([0-9]{1,5}))?$/s.exec(entry) as unknown as [
    string,
    string,
    string | undefined,
  ];
  const port = digits === undefined ? {} : { port: Number(digits) };
  if (port.port !== undefined && (port.port < 1 || port.port > 65535)) throw bad();
  if (host === "*") return { kind: "all", ...port };
  const wildcard = wildcardRange(host);
  if (wildcard !== undefined) return { ...wildcard, ...port };
  const ip = readIp(host.replace(/^\[(.*:.*)\]$/, "$1"));
  if (ip !== undefined && (ip.length === 4 || host.startsWith("["))) {
    return { kind: "range", base: ip, bits: 8 * ip.length, ...port };
  }
  const below = /^\*?\.(.+)$/.exec(host)?.[1];
  const name = comparable(below ?? host);
  if (name === undefined) throw bad();
  return below === undefined
    ? { kind: "name", name, ...port }
    : { kind: "suffix", suffix: `.${name}`, ...port };
}

/** What to write, for the error. */
const forms = "write peer.example, .peer.example, 192.0.2.1, 192.0.2.0/24, 2001:db8::/32 or *";

/** How many bits of an address a range fixes, written as a number or as a mask. */
function prefixBits(text: string, addressBytes: number): number | undefined {
  if (/^[0-9]{1,3}$/.test(text)) {
    return Number(text) <= 8 * addressBytes ? Number(text) : undefined;
  }
  const mask = ipBytes(text);
  if (mask?.length !== addressBytes) return undefined;
  const bits = Array.from(mask, (byte) => byte.toString(2).padStart(8, "0")).join("");
  return /^1*0*$/.test(bits) ? bits.replaceAll("0", "").length : undefined;
}

function rangeOf(written: Uint8Array, bits: number): NoProxyRule {
  // A range of IPv4-mapped addresses is one of IPv4 addresses, if it is not a wider one.
  const base = unmappedBytes(written);
  const dropped = 8 * (written.length - base.length);
  return bits < dropped
    ? { kind: "range", base: written, bits }
    : { kind: "range", base, bits: bits - dropped };
}

/** The range that `172.17.*` or `2001:db8:*` means, in any number of parts. */
function wildcardRange(text: string): NoProxyRule | undefined {
  const ipv4 = /^((?:[0-9]{1,3}\.){1,3})\*(?:\.\*)*$/.exec(text)?.[1];
  const ipv6 = /^((?:[0-9a-f]{1,4}:){1,7})\*(?::\*)*$/i.exec(text)?.[1];
  const fixed = ipv4 ?? ipv6;
  if (fixed === undefined) return undefined;
  const [separator, most, partBits] = ipv4 === undefined
    ? [":", 8, 16] as const
    : [".", 4, 8] as const;
  const parts = fixed.slice(0, -1).split(separator);
  if (text.split(separator).length > most) return undefined;
  const missing = new Array(most - parts.length).fill("0");
  const base = ipBytes([...parts, ...missing].join(separator));
  return base && rangeOf(base, partBits * parts.length);
}

/** IPv4-mapped addresses count as the IPv4 address that they reach; a zone does not count. */
function readIp(text: string): Uint8Array | undefined {
  const bytes = ipBytes(text);
  return bytes && unmappedBytes(bytes);
}

function comparable(host: string): string | undefined {
  return asciiName(host)?.toLowerCase().replace(/\.$/, "");
}
