import { valueKind } from "./value_kind.ts";

/**
 * Hides possible secrets in text that was meant as an address or a URL: text before an `@`, a port
 * that is no number (a password whose host is missing), and the contents of a path or a query. A
 * valid address stays as it is.
 *
 * @param text The text.
 * @returns The text to show: `***@peer.example:80`, `alice:***`, `http://***@peer.example/…`.
 */
export function redacted(text: string): string {
  const [, scheme = "", rest] = /^([^:/?#@\s]{0,32}:\/\/)?(.*)$/s.exec(text) as unknown as string[];
  const at = rest!.lastIndexOf("@");
  const [, authority, tail] = /^([^/?#]*)(.*)$/s.exec(rest!.slice(at + 1)) as unknown as string[];
  // The length of a network prefix is no path.
  const path = /^(?:\/[0-9]{0,3})?$/.test(tail!) ? tail : "/…";
  return `${scheme}${at < 0 ? "" : "***@"}${redactedHostPort(authority!)}${path}`;
}

const ipv6 = /^[0-9a-f:.]+(?:%[\w.~-]+)?$/i;

function redactedHostPort(text: string): string {
  const [, inner, close, after] = /^\[([^\]]*)(\]?)(.*)$/s.exec(text) ?? [];
  if (inner !== undefined) {
    const host = ipv6.test(inner) ? inner : redactedHostPort(inner);
    return `[${host}${close}${redactedHostPort(after!)}`;
  }
  // An IPv6 address without brackets.
  if (/^[^:]*:.*:/s.test(text) && (/::/.test(text) || /^(?:[^:]*:){7}[^:]*$/.test(text))) {
    if (ipv6.test(text.replace(/(%[^:]*):[0-9]{1,5}$/, "$1"))) return text;
  }
  const colon = text.indexOf(":");
  if (colon < 0) return text;
  const port = text.slice(colon + 1);
  const isPort = /^[0-9]{0,5}$/.test(port) && Number(port) <= 65535;
  return `${text.slice(0, colon)}:${isPort ? port : "***"}`;
}

const good = /^(?:[\w.-]*|\[[0-9a-f:.]+\]):(?:[0-9]{1,4}|[1-5][0-9]{4})$/i;

/**
 * Redacts an address for an error, an event or a report. A unix path and a multiaddr stay as they
 * are, except for user info.
 *
 * @param network The network of the dial.
 * @param address The address of the dial; untyped callers may pass any value.
 * @returns The address without possible secrets.
 */
export function shownAddress(network: string, address: unknown): string {
  if (typeof address !== "string") return valueKind(address);
  // The fast path: most addresses are valid, and this runs at each dial.
  if (good.test(address)) return address;
  if (network === "unix") return /^[\w+.-]+:\/\//.test(address) ? redacted(address) : address;
  return address.startsWith("/") ? redactedMultiaddr(address) : redacted(address);
}

/**
 * Hides user info in text that was meant as a multiaddr.
 *
 * @param text The text; it may be a URL.
 * @returns The text to show.
 */
export function redactedMultiaddr(text: string): string {
  if (!text.startsWith("/")) return redacted(text);
  // A unix path may contain an "@".
  return text.startsWith("/unix/") ? text : text.split("/").map(withoutUserInfo).join("/");
}

/** Hides the text before an `@`. */
export function withoutUserInfo(text: string): string {
  return text.replace(/^.*@/s, "***@");
}

/**
 * Redacts a network for an error: text that looks like a network's name is shown.
 *
 * @param network The value from the caller.
 * @returns `tcp`, `udp`, or `***`.
 */
export function shownNetwork(network: unknown): string {
  return typeof network === "string" && /^[a-z]{1,8}[46]?$/.test(network) ? network : "***";
}
