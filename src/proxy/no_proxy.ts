import { redacted } from "../core/redact.ts";
import { inIpRange, ipBytes, unmappedBytes } from "../resolve/ip_bytes.ts";
import { asciiName } from "./proxy_target.ts";
import { quoted } from "./quotable.ts";

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
      } is neither a name, nor an IP address, nor a CIDR range`,
    );
  const slash = entry.indexOf("/");
  if (slash >= 0) {
    const written = ipBytes(entry.slice(0, slash));
    const bits = entry.slice(slash + 1);
    if (written === undefined || !/^[0-9]{1,3}$/.test(bits) || Number(bits) > 8 * written.length) {
      throw bad();
    }
    // A range of IPv4-mapped addresses is one of IPv4 addresses, if it is not a wider one.
    const base = unmappedBytes(written);
    const dropped = 8 * (written.length - base.length);
    return Number(bits) < dropped
      ? { kind: "range", base: written, bits: Number(bits) }
      : { kind: "range", base, bits: Number(bits) - dropped };
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

/** IPv4-mapped addresses count as the IPv4 address that they reach; a zone does not count. */
function readIp(text: string): Uint8Array | undefined {
  const bytes = ipBytes(text);
  return bytes && unmappedBytes(bytes);
}

function comparable(host: string): string | undefined {
  return asciiName(host)?.toLowerCase().replace(/\.$/, "");
}
