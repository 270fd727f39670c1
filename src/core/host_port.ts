import { redacted } from "./redact.ts";
import { shownValue } from "./value_kind.ts";

/** The two halves of an address. */
export interface HostPort {
  /** The host without brackets, zone included; may be empty. */
  host: string;
  /** The port, 0 to 65535. */
  port: number;
}

/**
 * Joins a host and a port to an address, as Go's `net.JoinHostPort`: a host with a colon is put in
 * brackets.
 *
 * @example
 * joinHostPort("2001:db8::1", 4001); // "[2001:db8::1]:4001"
 *
 * @param host A name or IP address without brackets, zone included; may be empty.
 * @param port The port, 0 to 65535.
 * @returns The address.
 * @throws {RangeError} If `port` is not a whole number from 0 to 65535.
 */
export function joinHostPort(host: string, port: number): string {
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(
      `Cannot join host and port: port ${shownValue(port)} is not between 0 and 65535`,
    );
  }
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Splits an address into host and port by the rules of Go's `net.SplitHostPort`, except that a port
 * must be a number. An IPv6 address must be in brackets; a zone is kept; the host may be empty, the
 * port may not.
 *
 * @example
 * splitHostPort("[fe80::1%eth0]:4001"); // { host: "fe80::1%eth0", port: 4001 }
 *
 * @param address `host:port`, `[host]:port` or `:port`.
 * @returns The host without brackets and the port.
 * @throws {TypeError} If `address` has another form. The message states the cause. It quotes the
 * address without the text before an `@` and without a port that is no number.
 */
export function splitHostPort(address: string): HostPort {
  if (typeof address !== "string") {
    throw new TypeError(`Cannot split ${shownValue(address)}: an address is a string`);
  }
  const bad = (why: string) => new TypeError(`Cannot split address "${redacted(address)}": ${why}`);
  const colon = address.lastIndexOf(":");
  if (colon < 0) throw bad("missing port");
  let host: string;
  if (address.startsWith("[")) {
    const end = address.indexOf("]");
    if (end < 0) throw bad("missing ']'");
    if (end + 1 === address.length) throw bad("missing port");
    if (end + 1 !== colon) {
      throw bad(address[end + 1] === ":" ? "too many colons" : "missing port after ']'");
    }
    host = address.slice(1, end);
    if (host.includes("[")) throw bad("unexpected '['");
  } else {
    host = address.slice(0, colon);
    if (host.includes(":")) throw bad("too many colons (an IPv6 address needs brackets)");
    if (host.includes("[")) throw bad("unexpected '['");
    if (host.includes("]")) throw bad("unexpected ']'");
  }
  return { host, port: parsePort(address.slice(colon + 1), bad) };
}

function parsePort(text: string, bad: (why: string) => TypeError): number {
  if (text === "") throw bad("missing port");
  if (!/^[0-9]+$/.test(text)) throw bad("the port is not a number");
  const port = Number(text);
  if (port > 65535) throw bad("the port is not between 0 and 65535");
  return port;
}
