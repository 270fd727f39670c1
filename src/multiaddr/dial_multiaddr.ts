import { isMultiaddr } from "@multiformats/multiaddr";
import { type Clock, systemClock } from "../dial/clock.ts";
import type { Conn } from "../core/conn.ts";
import { readDialOptions } from "../core/dial_options.ts";
import {
  type ContextDialer,
  type DialerForAddr,
  isDialer,
  type Multiaddr,
} from "../core/dialer.ts";
import { type OptionCheck, withMethod } from "../core/options.ts";
import { makeDialer } from "../dial/compose_dialer.ts";
import type { RunningDial } from "../dial/running_dial.ts";
import { valueKind } from "../core/value_kind.ts";
import type { DialMultiaddrOptions } from "./dial_multiaddr_options.ts";
import { carryOutMultiaddrDial } from "./multiaddr_dial.ts";
import { systemTxtResolver, type TxtResolver } from "../resolver/txt_resolver.ts";

/**
 * Dials a multiaddr: any that `dialArgs` supports, and `/dnsaddr`. `/dns6` never connects over
 * IPv4, nor `/dns4` over IPv6.
 *
 * A `/dnsaddr` is resolved through TXT records (libp2p addressing specification, "dnsaddr Links"),
 * recursively, up to 8 levels and 32 lookups. The first 32 addresses that can be dialed and have
 * the suffix of the `/dnsaddr` are attempted in order. The next attempt starts when one fails or
 * after 250 ms, whichever is sooner. The first connection wins, and the other attempts are aborted.
 *
 * @example
 * const ma = "/dns4/peer.example/tcp/4001/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC";
 * const conn = await dialMultiaddr(systemDialer(), ma, { signal: AbortSignal.timeout(5_000) });
 *
 * @param dialer The dialer, or a function that chooses one for each address dialed: with `/dnsaddr`
 *   for each address found. The dialer receives the multiaddr as `remoteMultiaddr`.
 * @param ma The multiaddr to dial, as an object or as text.
 * @param options The signal, the listener for events, and the resolver for `/dnsaddr`.
 * @returns The connection.
 * @throws {DialError} If no connection could be made: `ERR_DIAL_MULTIADDR` with the phase `address`
 *   if `ma` is not one that can be dialed, `ERR_DIAL_NO_DIALER` with the phase `route` if the
 *   function threw or did not return a dialer.
 * @throws {TypeError} If `dialer` is neither a dialer nor a function, or `txtResolver` is no
 *   resolver.
 * @throws `options.signal.reason`, as it is, if the signal aborts before the dial has connected.
 */
export function dialMultiaddr(
  dialer: ContextDialer | DialerForAddr,
  ma: Multiaddr | string,
  options: DialMultiaddrOptions = {},
): Promise<Conn> {
  return startMultiaddrDial(dialer, ma, options);
}

/** Checks the resolver for `/dnsaddr`. */
export const checkTxtResolver: OptionCheck<TxtResolver> = withMethod<TxtResolver>("resolveTxt");

/** Settings of a multiaddr dial that are internal to this package. */
export interface MultiaddrDialExtras {
  readonly clock?: Clock;
  /** Milliseconds for the whole dial; `undefined` for no limit. */
  readonly timeoutMs?: number | undefined;
}

/** {@linkcode dialMultiaddr} with the internal settings. */
export async function startMultiaddrDial(
  dialer: ContextDialer | DialerForAddr,
  ma: Multiaddr | string,
  options: DialMultiaddrOptions,
  { clock = systemClock, timeoutMs }: MultiaddrDialExtras = { timeoutMs: undefined },
): Promise<Conn> {
  const { signal, onEvent, others } = readDialOptions(options);
  const { txtResolver: given, ...rest } = others as DialMultiaddrOptions;
  const dialOptions = {
    ...rest,
    ...(signal !== undefined && { signal }),
    ...(onEvent !== undefined && { onEvent }),
  };
  if (!isDialer(dialer) && typeof dialer !== "function") {
    throw new TypeError(`dialer must be a dialer or a function, not ${valueKind(dialer)}`);
  }
  const txtResolver = given === undefined
    ? systemTxtResolver
    : checkTxtResolver(given, "txtResolver");
  // Any other value may be a secret, so only its kind is shown.
  const address = typeof ma === "string" || isMultiaddr(ma) ? String(ma) : valueKind(ma);
  const run = (dial: RunningDial) => {
    if (timeoutMs !== undefined) dial.limit(timeoutMs);
    return carryOutMultiaddrDial(dial, { ma, dialer, txtResolver });
  };
  const over = isDialer(dialer) ? dialer : [];
  const network = address.startsWith("/unix/") ? "unix" : "tcp";
  return await makeDialer({ name: "multiaddr", over, run, clock })
    .dialContext(network, address, dialOptions);
}
