import { type IpFamily, ipFamily } from "./ip_literal.ts";
import type { Resolver } from "./resolver.ts";

/** Local addresses by family, for hosts that have both. */
export interface LocalAddresses {
  /** The IPv4 literal to bind to when an IPv4 address is dialed. */
  ipv4?: string;
  /** The IPv6 literal to bind to when an IPv6 address is dialed; may carry a zone. */
  ipv6?: string;
}

/** How a dialer over the runtime's own sockets behaves; the counterpart of the fields of Go's `net.Dialer`. */
export interface NetDialerOptions {
  /**
   * Milliseconds for the whole dial, lookup included. Running out is a `DialError` with the code `ETIMEDOUT`.
   *
   * @default {undefined} No limit but the kernel's, as in Go.
   */
  timeoutMs?: number;
  /**
   * The IP literal to dial from: one, which confines dials to its family, or one for each family.
   *
   * On Deno this makes the dialer use `node:net`, since `Deno.connect` ignores it.
   *
   * @default {undefined} The system chooses.
   */
  localAddress?: string | LocalAddresses;
  /**
   * The local port to dial from. On Deno this makes the dialer use `node:net`.
   *
   * @default {undefined} The system chooses.
   */
  localPort?: number;
  /**
   * Milliseconds from one connection attempt to the next while none has failed (RFC 8305 §5), at least 10. `false`: strictly one
   * at a time, where each address gets an equal share of the time left under `timeoutMs`, but at least 2 s.
   *
   * @default {250}
   */
  attemptDelayMs?: number | false;
  /**
   * Milliseconds to wait for the addresses of the preferred family when those of the other are there first (RFC 8305 §3).
   *
   * @default {50}
   */
  resolutionDelayMs?: number;
  /**
   * TCP keep-alive: off, or the idle time in milliseconds before the first probe, which counts in whole seconds: it is rounded
   * up. At most 32,767 s, since Linux takes no more.
   *
   * `Deno.connect` cannot set the time: with the default, Deno's native connections have keep-alive with the system's idle
   * time (two hours on Linux); a number given here makes the dialer use `node:net` on Deno.
   *
   * @default {15000}
   */
  keepAlive?: false | number;
  /**
   * Whether small writes are sent at once (`TCP_NODELAY`).
   *
   * @default {true}
   */
  noDelay?: boolean;
  /**
   * Who looks names up.
   *
   * @default The system's getaddrinfo, with `localhost` and its subdomains answered locally (RFC 6761).
   */
  resolver?: Resolver;
  /**
   * The address family to begin with where a name has both.
   *
   * @default {6}
   */
  preferFamily?: IpFamily;
}

/** The options with their defaults, checked. */
export interface NetDialerConfig {
  readonly timeoutMs: number | undefined;
  readonly localAddress: Readonly<Partial<Record<IpFamily, string>>>;
  /** The only family that may be dialed, because the one local address has it. */
  readonly onlyFamily: IpFamily | undefined;
  readonly localPort: number | undefined;
  readonly attemptDelayMs: number | false;
  readonly resolutionDelayMs: number;
  readonly preferFamily: IpFamily;
}

/** Checks the options and fills in the defaults. Throws a TypeError or RangeError that names the bad value. */
export function netDialerConfig(options: NetDialerOptions): NetDialerConfig {
  const { preferFamily = 6, noDelay, resolver } = options;
  if (preferFamily !== 4 && preferFamily !== 6) {
    throw new RangeError(`preferFamily must be 4 or 6, not ${String(preferFamily)}`);
  }
  if (noDelay !== undefined && typeof noDelay !== "boolean") {
    throw new TypeError(`noDelay must be a boolean, not ${String(noDelay)}`);
  }
  if (resolver !== undefined && typeof resolver?.lookup !== "function") {
    throw new TypeError(`resolver must have a lookup method, not be ${String(resolver)}`);
  }
  if (options.keepAlive !== undefined && options.keepAlive !== false) {
    checkMs("keepAlive", options.keepAlive, 1, maxKeepAliveIdleMs);
  }
  return {
    timeoutMs: options.timeoutMs === undefined
      ? undefined
      : checkMs("timeoutMs", options.timeoutMs, 1),
    ...localAddresses(options.localAddress),
    localPort: options.localPort === undefined ? undefined : checkPort(options.localPort),
    attemptDelayMs: options.attemptDelayMs === false
      ? false
      : checkMs("attemptDelayMs", options.attemptDelayMs ?? 250, 10),
    resolutionDelayMs: checkMs("resolutionDelayMs", options.resolutionDelayMs ?? 50, 0),
    preferFamily,
  };
}

/** The longest delay that timers take. */
const maxMs = 2 ** 31 - 1;

/** The longest idle time that Linux takes (`MAX_TCP_KEEPIDLE`). */
export const maxKeepAliveIdleMs = 32_767_000;

/** The idle time of keep-alive in whole seconds, as runtimes cut off what is less; also where it is off for now. */
export function keepAliveIdleMs({ keepAlive }: Pick<NetDialerOptions, "keepAlive">): number {
  return Math.ceil((keepAlive || 15_000) / 1_000) * 1_000;
}

function checkMs(name: string, value: unknown, least: number, most: number = maxMs): number {
  if (typeof value !== "number") {
    throw new TypeError(`${name} must be a number of milliseconds, not ${String(value)}`);
  }
  if (!(value >= least && value <= most)) {
    throw new RangeError(`${name} must be between ${least} and ${most} ms, not ${value}`);
  }
  return value;
}

function checkPort(value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > 65535) {
    throw new RangeError(`localPort must be between 1 and 65535, not ${String(value)}`);
  }
  return value;
}

function localAddresses(
  given: string | LocalAddresses | undefined,
): Pick<NetDialerConfig, "localAddress" | "onlyFamily"> {
  if (given === undefined) return { localAddress: {}, onlyFamily: undefined };
  if (typeof given === "string") {
    const family = ipFamily(given);
    if (family === undefined) {
      throw new TypeError(`localAddress must be an IP address, not "${given}"`);
    }
    return { localAddress: { [family]: given }, onlyFamily: family };
  }
  // A caller without types may give anything.
  const { ipv4, ipv6 } = (given ?? {}) as LocalAddresses;
  if (ipv4 !== undefined && ipFamily(String(ipv4)) !== 4) {
    throw new TypeError(`localAddress.ipv4 must be an IPv4 address, not "${ipv4}"`);
  }
  if (ipv6 !== undefined && ipFamily(String(ipv6)) !== 6) {
    throw new TypeError(`localAddress.ipv6 must be an IPv6 address, not "${ipv6}"`);
  }
  if (ipv4 === undefined && ipv6 === undefined) {
    throw new TypeError("localAddress must be an IP address or name ipv4, ipv6 or both");
  }
  return {
    localAddress: {
      ...(ipv4 !== undefined && { 4: ipv4 }),
      ...(ipv6 !== undefined && { 6: ipv6 }),
    },
    onlyFamily: undefined,
  };
}
