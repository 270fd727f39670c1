import { redacted } from "../../core/redact.ts";
import { inIpRange, ipBytes, unmappedBytes } from "../../ip/ip_bytes.ts";
import { asciiName } from "../../ip/host_name.ts";
import { quoted } from "../handshake/quotable.ts";

/** One entry of a NO_PROXY list; without a port it matches every port. */
export type NoProxyRule =
  & { readonly port?: number }
  & (
    | { readonly kind: "all" }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "suffix"; readonly suffix: string }
    | { readonly kind: "range"; readonly base: Uint8Array; readonly bits: number }
  );

/**
 * Parses a NO_PROXY list, whose entries are separated by commas or white space.
 *
 * - `peer.example`: that name and no subdomain (as in undici; curl and Go also match subdomains);
 * - `.peer.example`, `*.peer.example`: every subdomain, and not the name itself;
 * - `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`: that address, in any spelling;
 * - `10.0.0.0/8`, `fd00::/8`: the addresses of that range; the same for `10.*`, `172.17.*.*`,
 *   `2001:db8:*` and `10.0.0.0/255.0.0.0`;
 * - any of these with `:port` (IPv6 in brackets), except a range with a slash or of IPv6: that port
 *   only;
 * - `*`: everything.
 *
 * Names are compared without regard to case or a trailing dot, Unicode names as A-labels. Names are
 * not resolved: a rule with addresses never matches a name. There are no implicit rules, not even
 * for localhost.
 *
 * @param text The list; may be empty.
 * @returns The rules.
 * @throws {TypeError} If an entry is none of these; the message quotes it in redacted form.
 */
export function parseNoProxy(text: string): readonly NoProxyRule[] {
  return text.split(/[\s,]+/).filter((entry) => entry !== "").map(parseRule);
}

/**
 * Checks whether a target bypasses the proxy.
 *
 * @param rules The rules from {@linkcode parseNoProxy}.
 * @param host A name or an IP address without brackets.
 * @param port The port.
 * @returns Whether any rule matches.
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

/** The accepted forms, for the error message. */
const forms = "write peer.example, .peer.example, 192.0.2.1, 192.0.2.0/24, 2001:db8::/32 or *";

/** Parses the prefix length of a range, written as a number or as a mask. */
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
  // A range of IPv4-mapped addresses is a range of IPv4 addresses, unless it is wider.
  const base = unmappedBytes(written);
  const dropped = 8 * (written.length - base.length);
  return bits < dropped
    ? { kind: "range", base: written, bits }
    : { kind: "range", base, bits: bits - dropped };
}

/** Parses a range such as `172.17.*` or `2001:db8:*`, with any number of parts. */
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

/** Parses an address; an IPv4-mapped one becomes its IPv4 address, and a zone is ignored. */
function readIp(text: string): Uint8Array | undefined {
  const bytes = ipBytes(text);
  return bytes && unmappedBytes(bytes);
}

function comparable(host: string): string | undefined {
  return asciiName(host)?.toLowerCase().replace(/\.$/, "");
}
