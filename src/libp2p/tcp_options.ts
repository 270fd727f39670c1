import type { ContextDialer, DialerForAddr } from "../core/dialer.ts";
import { isDialer } from "../core/is_dialer.ts";
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

/** Socket options, as `@libp2p/tcp` takes them. */
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
   * Milliseconds of idleness before the first keep-alive probe; `0` for the default. On Deno a
   * number makes dials use `node:net`, since `Deno.connect` cannot set it.
   *
   * @default {15000} For dials; for listeners the system's.
   */
  keepAliveInitialDelay?: number;
  /**
   * Whether this end stays open for writing when the remote ends its side.
   *
   * @default {false}
   */
  allowHalfOpen?: boolean;
}

/** When a listener stops listening because it has many connections, and when it starts again. */
export interface CloseServerOnMaxConnections {
  /** Listens again when there are fewer connections than this. */
  listenBelow: number;
  /** Stops listening when there are at least this many connections. */
  closeAbove: number;
  /** Called when listening again failed. */
  onListenError?(error: Error): void;
}

/** How {@linkcode tcp} behaves: all that `@libp2p/tcp` takes, and who dials. */
export interface TcpOptions {
  /**
   * Dials in place of the runtime's sockets: one dialer for all addresses, or a function that
   * chooses a dialer for each address, as go-libp2p's `WithDialerForAddr`. Nothing else dials.
   *
   * The function is called once a dial; where a `txtResolver` looks up a `/dnsaddr`, once for each
   * address found. It may return a promise. A dial fails if the function throws or returns no
   * dialer. To dial directly leave the option out: `undefined`, which a proxy that was not
   * configured may be, is a TypeError.
   */
  dialer?: ContextDialer | DialerForAddr;
  /** The name of {@linkcode TcpOptions.dialer} for a function. Only one of the two can be set. */
  customTCPDialer?: DialerForAddr;
  /**
   * Milliseconds for a dial until it is connected: lookups, the choice of the dialer and proxy
   * handshakes included, the upgrade to an encrypted connection not. Running out is a `DialError`
   * with the code `ETIMEDOUT`. `0` for no limit but libp2p's own.
   *
   * @default {5000}
   */
  connectTimeoutMs?: number;
  /**
   * Who looks up the TXT records of a `/dnsaddr` that reaches the transport. By default none does,
   * for libp2p resolves them itself, with its own `dns`; with `connectionManager: { resolvers: {}
   * }` it leaves them to this.
   *
   * @default {undefined} With `dialer` or `customTCPDialer` such an address is refused, so that no
   *   lookup goes another way than the connections; else `node:dns` is asked.
   */
  txtResolver?: TxtResolver;
  /**
   * Options of every socket dialed; not with `dialer` or `customTCPDialer`, which have their own.
   */
  dialOpts?: TcpSocketOptions;
  /** Options of every socket accepted. */
  listenOpts?: TcpSocketOptions;
  /**
   * Milliseconds without a byte either way after which an accepted connection is aborted. `0` for
   * never.
   *
   * @default {120000}
   */
  inboundSocketInactivityTimeout?: number;
  /**
   * Milliseconds without a byte either way after which a dialed connection is aborted. `0` for
   * never. What is sent counts by whole writes, of up to 1 MiB: a line that takes longer for one
   * while nothing comes back passes for idle.
   *
   * @default {120000}
   */
  outboundSocketInactivityTimeout?: number;
  /** With this many connections a listener drops further ones. */
  maxConnections?: number;
  /** How many connections may wait to be accepted, for the system to hold. */
  backlog?: number;
  /** Has listeners stop listening while they have many connections. */
  closeServerOnMaxConnections?: CloseServerOnMaxConnections;
}

/** Checks the `keepAliveInitialDelay` of all dials or of one. */
export const checkKeepAliveInitialDelay: OptionCheck<number> = zeroOrMilliseconds(
  maxKeepAliveIdleMs,
);

const socketOptions: OptionCheck<TcpSocketOptions> = nested<TcpSocketOptions>({
  noDelay: boolean,
  keepAlive: boolean,
  keepAliveInitialDelay: checkKeepAliveInitialDelay,
  allowHalfOpen: boolean,
});

// As `@libp2p/tcp`, which cuts off what is longer than timers take.
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
  // What the listener of `@libp2p/tcp` makes of it.
  maxConnections: unchecked,
  backlog: unchecked,
  closeServerOnMaxConnections: nested<CloseServerOnMaxConnections>({
    listenBelow: unchecked,
    closeAbove: unchecked,
    onListenError: callback,
  }),
};

/** Reads the options; throws a TypeError or RangeError that names the bad one, if there is one. */
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
  // What is not understood would be a direct dial, past the proxy that was meant, so it is not
  // ignored.
  for (const name of ["dialer", "customTCPDialer"] as const) {
    if (hasOption(options, name)) {
      throw new TypeError(`${name} is undefined: leave it out where the dials shall be direct`);
    }
  }
  return read;
}
