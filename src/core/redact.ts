import { valueKind } from "./value_kind.ts";

/**
 * Hides what may be a secret in a text that was meant as an address or a URL: what stands before an
 * `@`, a port that is none
 * (a password whose host is missing), and what a path or a query holds. Text that is an address
 * stays as it is.
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
  // An IPv6 address that lacks its brackets.
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
 * Gives an address for an error, an event or a report. A unix path and a multiaddr stay as they
 * are, user info apart.
 *
 * @param network What is dialed over.
 * @param address What is dialed; a caller without types may give anything.
 * @returns The address without what may be a secret.
 */
export function shownAddress(network: string, address: unknown): string {
  if (typeof address !== "string") return valueKind(address);
  // Most are good, and this is asked at each dial.
  if (good.test(address)) return address;
  if (network === "unix") return /^[\w+.-]+:\/\//.test(address) ? redacted(address) : address;
  return address.startsWith("/") ? redactedMultiaddr(address) : redacted(address);
}

/**
 * Hides user info in what was meant as a multiaddr.
 *
 * @param text The text; it may be a URL.
 * @returns The text to show.
 */
export function redactedMultiaddr(text: string): string {
  if (!text.startsWith("/")) return redacted(text);
  // A unix path may well have an "@".
  return text.startsWith("/unix/") ? text : text.split("/").map(withoutUserInfo).join("/");
}

/** Hides what stands before an `@`. */
export function withoutUserInfo(text: string): string {
  return text.replace(/^.*@/s, "***@");
}

/**
 * Gives a network for an error: the word that it is, unless it can hardly be meant as one.
 *
 * @param network What was given.
 * @returns `tcp`, `udp`, or `***`.
 */
export function shownNetwork(network: unknown): string {
  return typeof network === "string" && /^[a-z]{1,8}[46]?$/.test(network) ? network : "***";
}
