import ipaddr from "ipaddr.js";
import { ipFamily } from "../resolve/ip_literal.ts";
import { asciiName } from "./proxy_target.ts";

type Ip = ipaddr.IPv4 | ipaddr.IPv6;

/** One entry of a NO_PROXY list; without a port it holds for all of them. */
export type NoProxyRule =
  & { readonly port?: number }
  & (
    | { readonly kind: "all" }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "suffix"; readonly suffix: string }
    | { readonly kind: "range"; readonly base: Ip; readonly bits: number }
  );

/**
 * Reads a NO_PROXY list, its entries parted by commas or white space.
 *
 * - `peer.example`: that name and nothing below it (as in undici; curl and Go take what is below it, too);
 * - `.peer.example`, `*.peer.example`: whatever is below it, and not the name itself;
 * - `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`: that address, also where it is dialed in another spelling;
 * - `10.0.0.0/8`, `fd00::/8`: the addresses of that range;
 * - any of these but a range with `:port` (IPv6 in brackets): that port alone;
 * - `*`: everything.
 *
 * Names are compared without regard to case or a trailing dot, Unicode names as A-labels. Names are not looked up:
 * a rule with addresses never matches a name. Nothing matches by itself, not even localhost.
 *
 * @param text The list; may be empty.
 * @returns The rules.
 * @throws {TypeError} If an entry is none of these; the message quotes it.
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
    if (rule.kind === "range") return ip !== undefined && inRange(ip, rule.base, rule.bits);
    if (name === undefined) return false;
    return rule.kind === "name" ? name === rule.name : name.endsWith(rule.suffix);
  });
}

function parseRule(entry: string): NoProxyRule {
  const bad = () =>
    new TypeError(
      `Cannot read NO_PROXY: ${
        JSON.stringify(entry)
      } is neither a name, nor an IP address, nor a CIDR range`,
    );
  const slash = entry.indexOf("/");
  if (slash >= 0) {
    const base = readIp(entry.slice(0, slash));
    const bits = entry.slice(slash + 1);
    const written = ipFamily(entry.slice(0, slash)) === 4 ? 32 : 128;
    if (base === undefined || !/^[0-9]{1,3}$/.test(bits) || Number(bits) > written) throw bad();
    // A range of IPv4-mapped addresses was turned into one of IPv4 addresses along with its base.
    const shortened = written - (base.kind() === "ipv4" ? 32 : 128);
    if (Number(bits) < shortened) throw bad();
    return { kind: "range", base, bits: Number(bits) - shortened };
  }
  const whole = readIp(entry);
  if (whole !== undefined) return { kind: "range", base: whole, bits: bitsOf(whole) };
  const [, host, digits] = /^(.*?)(?::([0-9]{1,5}))?$/s.exec(entry) as unknown as [
    string,
    string,
    string | undefined,
  ];
  const port = digits === undefined ? {} : { port: Number(digits) };
  if (port.port !== undefined && (port.port < 1 || port.port > 65535)) throw bad();
  if (host === "*") return { kind: "all", ...port };
  const ip = readIp(host.replace(/^\[(.*:.*)\]$/, "$1"));
  if (ip !== undefined && (ip.kind() === "ipv4" || host.startsWith("["))) {
    return { kind: "range", base: ip, bits: bitsOf(ip), ...port };
  }
  const below = /^\*?\.(.+)$/.exec(host)?.[1];
  const name = comparable(below ?? host);
  if (name === undefined) throw bad();
  return below === undefined
    ? { kind: "name", name, ...port }
    : { kind: "suffix", suffix: `.${name}`, ...port };
}

/** IPv4-mapped addresses count as the IPv4 address that they reach; a zone does not count. */
function readIp(text: string): Ip | undefined {
  return ipFamily(text) === undefined ? undefined : ipaddr.process(text.replace(/%.*$/s, ""));
}

function bitsOf(ip: Ip): number {
  return ip.kind() === "ipv4" ? 32 : 128;
}

function inRange(ip: Ip, base: Ip, bits: number): boolean {
  if (ip.kind() !== base.kind()) return false;
  return ip.match(base as never, bits);
}

function comparable(host: string): string | undefined {
  return asciiName(host)?.toLowerCase().replace(/\.$/, "");
}
