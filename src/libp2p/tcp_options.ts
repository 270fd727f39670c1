import type { ContextDialer, DialerForAddr } from "../core/dialer.ts";
import { isDialer } from "../core/is_dialer.ts";
import { valueKind } from "../core/value_kind.ts";
import { maxKeepAliveIdleMs } from "../resolve/net_dialer_options.ts";
import type { TxtResolver } from "../resolve/txt_resolver.ts";

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
   * Milliseconds of idleness before the first keep-alive probe; `0` for the default. On Deno a number makes dials use
   * `node:net`, since `Deno.connect` cannot set it.
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
   * Milliseconds for a dial until it is connected: lookups, the choice of the dialer and proxy handshakes included, the
   * upgrade to an encrypted connection not. Running out is a `DialError` with the code `ETIMEDOUT`. `0` for no limit but
   * libp2p's own.
   *
   * @default {5000}
   */
  connectTimeoutMs?: number;
  /**
   * Who looks up the TXT records of a `/dnsaddr` that reaches the transport. By default none does, for libp2p resolves them
   * itself, with its own `dns`; with `connectionManager: { resolvers: {} }` it leaves them to this.
   *
   * @default {undefined} With `dialer` or `customTCPDialer` such an address is refused, so that no lookup goes another way than the
   * connections; else `node:dns` is asked.
   */
  txtResolver?: TxtResolver;
  /** Options of every socket dialed; not with `dialer` or `customTCPDialer`, which have their own. */
  dialOpts?: TcpSocketOptions;
  /** Options of every socket accepted. */
  listenOpts?: TcpSocketOptions;
  /**
   * Milliseconds without a byte either way after which an accepted connection is aborted. `0` for never.
   *
   * @default {120000}
   */
  inboundSocketInactivityTimeout?: number;
  /**
   * Milliseconds without a byte either way after which a dialed connection is aborted. `0` for never. What is sent counts by
   * whole writes, of up to 1 MiB: a line that takes longer for one while nothing comes back passes for idle.
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

/** The longest delay that timers take. */
const maxMs = 2 ** 31 - 1;

/** Throws a TypeError or RangeError that names the bad value, if there is one. */
export function checkTcpOptions(options: TcpOptions): void {
  checkWhoDials(options);
  const { customTCPDialer, dialer, dialOpts, txtResolver } = options;
  if (customTCPDialer !== undefined && typeof customTCPDialer !== "function") {
    throw new TypeError(`customTCPDialer must be a function, not ${valueKind(customTCPDialer)}`);
  }
  if (dialer !== undefined && !isDialer(dialer) && typeof dialer !== "function") {
    const kind = valueKind(dialer);
    throw new TypeError(`dialer must have a dialContext method or be a function, not ${kind}`);
  }
  if (customTCPDialer !== undefined && dialer !== undefined) {
    throw new TypeError("dialer and customTCPDialer exclude each other: give one of them");
  }
  if (dialOpts !== undefined && (typeof dialOpts !== "object" || dialOpts === null)) {
    throw new TypeError(`dialOpts must be an object, not ${valueKind(dialOpts)}`);
  }
  if (dialOpts !== undefined && (customTCPDialer ?? dialer) !== undefined) {
    const own = dialer === undefined ? "customTCPDialer" : "dialer";
    throw new TypeError(`dialOpts and ${own} exclude each other: a dialer has its own options`);
  }
  if (txtResolver !== undefined && typeof txtResolver?.resolveTxt !== "function") {
    throw new TypeError(
      `txtResolver must have a resolveTxt method, not be ${valueKind(txtResolver)}`,
    );
  }
  checkMs("connectTimeoutMs", options.connectTimeoutMs);
  // As `@libp2p/tcp`, which cuts off what is longer than timers take.
  const longest = Number.MAX_VALUE;
  checkMs("outboundSocketInactivityTimeout", options.outboundSocketInactivityTimeout, longest);
  checkMs("inboundSocketInactivityTimeout", options.inboundSocketInactivityTimeout, longest);
}

/** What is not understood would be a direct dial, past the proxy that was meant, so it is not ignored. */
function checkWhoDials(options: unknown): void {
  if (typeof options !== "object" || options === null || isDialer(options)) {
    const what = isDialer(options) ? "a dialer" : valueKind(options);
    throw new TypeError(`the options must be an object, as in tcp({ dialer }), not ${what}`);
  }
  for (const name of Object.keys(options)) {
    if (/dialer|proxy/i.test(name) && name !== "dialer" && name !== "customTCPDialer") {
      const given = JSON.stringify(name);
      throw new TypeError(`unknown option ${given}: who dials is dialer or customTCPDialer`);
    }
  }
  const { dialer, customTCPDialer }: TcpOptions = options;
  if (dialer !== undefined || customTCPDialer !== undefined) return;
  for (const name of ["dialer", "customTCPDialer"] as const) {
    if (Object.hasOwn(options, name)) {
      throw new TypeError(`${name} is undefined: leave it out where the dials shall be direct`);
    }
  }
}

/** Checks the `keepAliveInitialDelay` of all dials or of one. */
export function checkKeepAliveInitialDelay(value: number | undefined): void {
  checkMs("keepAliveInitialDelay", value, maxKeepAliveIdleMs);
}

function checkMs(name: string, value: unknown, most: number = maxMs): void {
  if (value === undefined) return;
  if (typeof value !== "number") {
    throw new TypeError(`${name} must be a number of milliseconds, not ${String(value)}`);
  }
  if (value !== 0 && !(value >= 1 && value <= most)) {
    const range = most === Number.MAX_VALUE ? "finite and at least 1" : `between 1 and ${most}`;
    throw new RangeError(`${name} must be 0 or ${range} ms, not ${value}`);
  }
}
