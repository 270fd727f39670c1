import {
  boolean,
  falseOr,
  milliseconds,
  oneOf,
  type OptionChecks,
  port,
  readOptions,
  withMethod,
} from "../core/options.ts";
import { type IpFamily, ipFamily } from "../ip/ip_literal.ts";
import type { Resolver } from "../resolver/resolver.ts";
import { systemResolver } from "../resolver/system_resolver.ts";

/**
 * The options of a dialer over the runtime's own sockets; the counterpart of the fields of Go's
 * `net.Dialer`.
 */
export interface SystemDialerOptions {
  /**
   * Milliseconds for the whole dial, lookup included. Running out is a `DialError` with the code
   * `ETIMEDOUT`.
   *
   * @default {undefined} No limit but the kernel's, as in Go.
   */
  timeoutMs?: number;
  /**
   * The local IP literal: one, which restricts dials to its family, or one for each family.
   *
   * On Deno this makes the dialer use `node:net`, since `Deno.connect` ignores it.
   *
   * @default {undefined} The system chooses.
   */
  localAddress?: string | {
    /** The IPv4 literal to bind to when an IPv4 address is dialed. */
    ipv4?: string;
    /** The IPv6 literal to bind to when an IPv6 address is dialed; may carry a zone. */
    ipv6?: string;
  };
  /**
   * The local port to dial from. On Deno this makes the dialer use `node:net`.
   *
   * @default {undefined} The system chooses.
   */
  localPort?: number;
  /**
   * Milliseconds between connection attempts while none has failed (RFC 8305 §5), at least 10.
   * `false`: strictly one at a time. Each address gets an equal share of the time left under
   * `timeoutMs` then, but at least 2 s.
   *
   * @default {250}
   */
  attemptDelayMs?: number | false;
  /**
   * Milliseconds to wait for the addresses of the preferred family when the other family answers
   * first (RFC 8305 §3).
   *
   * @default {50}
   */
  resolutionDelayMs?: number;
  /**
   * TCP keep-alive: off, or the idle time in milliseconds before the first probe, rounded up to
   * whole seconds. At most 32,767 s, the limit of Linux.
   *
   * `Deno.connect` cannot set the time. With the default, Deno's native connections have keep-alive
   * with the system's idle time (two hours on Linux). An explicit number makes the dialer use
   * `node:net` on Deno.
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
   * Resolver for host names. It gets Unicode names as A-labels (IDNA, as in URLs).
   *
   * @default The system's getaddrinfo, with `localhost` and its subdomains answered locally (RFC
   * 6761).
   */
  resolver?: Resolver;
  /**
   * The address family to try first where a name has both.
   *
   * @default {6}
   */
  preferFamily?: IpFamily;
}

/** The checked options with their defaults. */
export interface NetDialerConfig {
  readonly timeoutMs: number | undefined;
  readonly localAddress: Readonly<Partial<Record<IpFamily, string>>>;
  /** The only family that may be dialed, the family of the single local address. */
  readonly onlyFamily: IpFamily | undefined;
  readonly localPort: number | undefined;
  readonly attemptDelayMs: number | false;
  readonly resolutionDelayMs: number;
  readonly preferFamily: IpFamily;
  readonly noDelay: boolean;
  readonly keepAlive: boolean;
  /** The keep-alive idle time, which a connection has even where keep-alive is off at first. */
  readonly keepAliveMs: number;
  /** Whether the caller set the idle time. */
  readonly setsKeepAliveMs: boolean;
  readonly resolver: Resolver;
  /** Whether the runtime may look a name up by itself: not past the caller's resolver. */
  readonly mayDialNames: boolean;
}

/** The longest idle time on Linux (`MAX_TCP_KEEPIDLE`). */
export const maxKeepAliveIdleMs = 32_767_000;

/** The options of every dialer over sockets. */
export const netDialerOptions: OptionChecks<SystemDialerOptions> = {
  timeoutMs: milliseconds(),
  localAddress: checkLocalAddress,
  localPort: port,
  attemptDelayMs: falseOr(milliseconds(10)),
  resolutionDelayMs: milliseconds(0),
  keepAlive: falseOr(milliseconds(1, maxKeepAliveIdleMs)),
  noDelay: boolean,
  resolver: withMethod<Resolver>("lookup"),
  preferFamily: oneOf(4, 6),
};

/** Local addresses by family. */
type LocalAddresses = Exclude<SystemDialerOptions["localAddress"], string | undefined>;

/** An object that inherits nothing from `Object.prototype`. */
const none: LocalAddresses = Object.create(null);

/**
 * Reads the options of a dialer, checks them, and adds the defaults. No code behind it reads
 * options.
 *
 * @param owner The function that takes the options, for its errors.
 * @param options The options.
 * @throws {TypeError | RangeError} If one is unusable; the message names it.
 */
export function readNetDialerConfig(
  owner: string,
  options: SystemDialerOptions = {},
): NetDialerConfig {
  return netDialerConfig(readOptions(owner, options, netDialerOptions));
}

/** Adds the defaults to checked options. */
export function netDialerConfig(options: SystemDialerOptions): NetDialerConfig {
  const { timeoutMs, localAddress, localPort, keepAlive, resolver } = options;
  const { attemptDelayMs = 250, resolutionDelayMs = 50, preferFamily = 6, noDelay = true } =
    options;
  const one = typeof localAddress === "string" ? ipFamily(localAddress)! : undefined;
  const { ipv4, ipv6 }: LocalAddresses = typeof localAddress === "object" ? localAddress : none;
  return {
    timeoutMs,
    localAddress: {
      ...(one !== undefined && { [one]: localAddress }),
      ...(ipv4 !== undefined && { 4: ipv4 }),
      ...(ipv6 !== undefined && { 6: ipv6 }),
    },
    onlyFamily: one,
    localPort,
    attemptDelayMs,
    resolutionDelayMs,
    preferFamily,
    noDelay,
    keepAlive: keepAlive !== false,
    // Rounded up, because runtimes truncate it to seconds.
    keepAliveMs: Math.ceil((keepAlive || 15_000) / 1_000) * 1_000,
    setsKeepAliveMs: typeof keepAlive === "number",
    resolver: resolver ?? systemResolver,
    mayDialNames: resolver === undefined,
  };
}

function checkLocalAddress(given: unknown): string | LocalAddresses {
  if (typeof given === "string") {
    if (ipFamily(given) !== undefined) return given;
    throw new TypeError("localAddress must be an IP address");
  }
  const isObject = typeof given === "object" && given !== null;
  const addresses: LocalAddresses = isObject
    ? readOptions("localAddress", given, { ipv4: checkAddressOf(4), ipv6: checkAddressOf(6) })
    : {};
  if (addresses.ipv4 !== undefined || addresses.ipv6 !== undefined) return addresses;
  throw new TypeError("localAddress must be an IP address or name ipv4, ipv6 or both");
}

function checkAddressOf(family: IpFamily): (value: unknown, name: string) => string {
  return (value, name) => {
    if (typeof value === "string" && ipFamily(value) === family) return value;
    throw new TypeError(`localAddress.${name} must be an IPv${family} address`);
  };
}
