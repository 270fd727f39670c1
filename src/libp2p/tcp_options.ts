import { type ContextDialer, type DialerForAddr, isDialer } from "../core/dialer.ts";
import {
  boolean,
  callback,
  hasOption,
  nested,
  type OptionCheck,
  type OptionChecks,
  readOptions,
  unchecked,
  zeroOrMilliseconds,
} from "../core/options.ts";
import { valueKind } from "../core/value_kind.ts";
import { checkTxtResolver } from "../multiaddr/dial_multiaddr.ts";
import { maxKeepAliveIdleMs } from "../net/net_dialer_options.ts";
import type { TxtResolver } from "../resolver/txt_resolver.ts";

/** Socket options, with the names of `@libp2p/tcp`. */
export interface TcpSocketOptions {
  /**
   * Whether small writes are sent at once (`TCP_NODELAY`).
   *
   * @default {true}
   */
  noDelay?: boolean;
  /**
   * Whether TCP keep-alive is on.
   *
   * @default {true}
   */
  keepAlive?: boolean;
  /**
   * Milliseconds of inactivity before the first keep-alive probe; `0` for the default. On Deno a
   * number makes dials use `node:net`, since `Deno.connect` cannot set it.
   *
   * @default {15000} For dials; listeners use the system's default.
   */
  keepAliveInitialDelay?: number;
  /**
   * Whether this end stays open for writing when the remote ends its side.
   *
   * @default {false}
   */
  allowHalfOpen?: boolean;
}

/** The numbers of connections at which a listener stops and restarts listening. */
export interface CloseServerOnMaxConnections {
  /** Listens again with fewer connections than this. */
  listenBelow: number;
  /** Stops listening with at least this many connections. */
  closeAbove: number;
  /** Called when listening again has failed. */
  onListenError?(error: Error): void;
}

/** Options of {@linkcode tcp}: all options of `@libp2p/tcp`, and the dialer. */
export interface TcpOptions {
  /**
   * Replaces the runtime's sockets: one dialer for all addresses, or a function that chooses a
   * dialer for each address, as go-libp2p's `WithDialerForAddr`. No other dialer is used.
   *
   * The function is called once for a dial; if a `txtResolver` resolves a `/dnsaddr`, once for each
   * address found. It may return a promise. A dial fails if the function throws or does not return
   * a dialer. To dial directly, omit the option. An explicit `undefined` is a TypeError, since it
   * may be a proxy that was not configured.
   */
  dialer?: ContextDialer | DialerForAddr;
  /** An alias of {@linkcode TcpOptions.dialer} for a function. Only one of the two can be set. */
  customTCPDialer?: DialerForAddr;
  /**
   * Milliseconds until a dial is connected. They include lookups, the choice of the dialer and
   * proxy handshakes, but not the upgrade to an encrypted connection. Exceeding them is a
   * `DialError` with the code `ETIMEDOUT`. `0` for no limit but libp2p's own.
   *
   * @default {5000}
   */
  connectTimeoutMs?: number;
  /**
   * Resolver for the TXT records of a `/dnsaddr` that reaches the transport. By default none does,
   * since libp2p resolves them with its own `dns`. With `connectionManager: { resolvers: {} }`
   * libp2p passes them to the transport.
   *
   * @default {undefined} With `dialer` or `customTCPDialer` such an address is rejected, so that a
   *   lookup never bypasses the dialer. Otherwise `node:dns` is used.
   */
  txtResolver?: TxtResolver;
  /**
   * Options of every dialed socket. They exclude `dialer` and `customTCPDialer`, which have their
   * own.
   */
  dialOpts?: TcpSocketOptions;
  /** Options of every accepted socket. */
  listenOpts?: TcpSocketOptions;
  /**
   * Milliseconds without a byte in either direction after which an accepted connection is aborted.
   * `0` for never.
   *
   * @default {120000}
   */
  inboundSocketInactivityTimeout?: number;
  /**
   * Milliseconds without a byte in either direction after which a dialed connection is aborted. `0`
   * for never. Sent data counts by whole writes of up to 1 MiB. A line too slow for one such write
   * appears idle if nothing is received meanwhile.
   *
   * @default {120000}
   */
  outboundSocketInactivityTimeout?: number;
  /** The number of connections from which a listener drops further ones. */
  maxConnections?: number;
  /** The number of connections that the system may queue before they are accepted. */
  backlog?: number;
  /** Makes listeners stop listening while they have many connections. */
  closeServerOnMaxConnections?: CloseServerOnMaxConnections;
}

/** Checks `keepAliveInitialDelay`, for all dials or for one. */
export const checkKeepAliveInitialDelay: OptionCheck<number> = zeroOrMilliseconds(
  maxKeepAliveIdleMs,
);

const socketOptions: OptionCheck<TcpSocketOptions> = nested<TcpSocketOptions>({
  noDelay: boolean,
  keepAlive: boolean,
  keepAliveInitialDelay: checkKeepAliveInitialDelay,
  allowHalfOpen: boolean,
});

// As in `@libp2p/tcp`, which clamps values above the limit of timers.
const inactivityTimeout = zeroOrMilliseconds(Number.MAX_VALUE);

const tcpOptions: OptionChecks<TcpOptions> = {
  dialer(value, name) {
    if (isDialer(value) || typeof value === "function") return value as DialerForAddr;
    const kind = valueKind(value);
    throw new TypeError(`${name} must have a dialContext method or be a function, not ${kind}`);
  },
  customTCPDialer: callback,
  connectTimeoutMs: zeroOrMilliseconds(),
  txtResolver: checkTxtResolver,
  dialOpts: socketOptions,
  listenOpts: socketOptions,
  inboundSocketInactivityTimeout: inactivityTimeout,
  outboundSocketInactivityTimeout: inactivityTimeout,
  // The listener of `@libp2p/tcp` checks these.
  maxConnections: unchecked,
  backlog: unchecked,
  closeServerOnMaxConnections: nested<CloseServerOnMaxConnections>({
    listenBelow: unchecked,
    closeAbove: unchecked,
    onListenError: callback,
  }),
};

/** Reads the options; throws a TypeError or RangeError that names an unusable one. */
export function readTcpOptions(options: TcpOptions): TcpOptions {
  const read = readOptions("tcp", options, tcpOptions);
  const { dialer, customTCPDialer, dialOpts } = read;
  if (customTCPDialer !== undefined && dialer !== undefined) {
    throw new TypeError("dialer and customTCPDialer exclude each other: give one of them");
  }
  if (dialOpts !== undefined && (customTCPDialer ?? dialer) !== undefined) {
    const own = dialer === undefined ? "customTCPDialer" : "dialer";
    throw new TypeError(`dialOpts and ${own} exclude each other: a dialer has its own options`);
  }
  if (dialer !== undefined || customTCPDialer !== undefined) return read;
  // An ignored option would cause direct dials that bypass the intended proxy.
  for (const name of ["dialer", "customTCPDialer"] as const) {
    if (hasOption(options, name)) {
      throw new TypeError(`${name} is undefined: leave it out where the dials shall be direct`);
    }
  }
  return read;
}
