import type { Conn } from "../../core/conn.ts";
import { isDialError } from "../../core/dial_error.ts";
import type { DialEvent } from "../../core/dial_event.ts";
import type { Network } from "../../core/addr.ts";
import type { ContextDialer } from "../../core/dialer.ts";
import { joinHostPort } from "../../core/host_port.ts";
import { makeDialer } from "../../dial/compose_dialer.ts";
import type { RunningDial } from "../../dial/running_dial.ts";
import { summarizeErrors } from "../../net/summarize_errors.ts";
import { type IpFamily, ipFamily } from "../../ip/ip_literal.ts";
import { raceDials } from "../../dial/race_dials.ts";
import type { ConnDuplex } from "../conn_duplex.ts";
import { type ConnectRequest, type ConnectTarget, networkOf } from "./connect_request.ts";
import { DialProgress } from "./dial_progress.ts";
import { errorOf } from "../error_of.ts";
import { lookUp } from "./node_lookup.ts";

/** What all dials of one connector share. */
export interface DialSettings {
  readonly dialer: ContextDialer;
  readonly timeoutMs: number | undefined;
  readonly onEvent: ((event: DialEvent) => void) | undefined;
}

/**
 * Milliseconds from one address that `lookup` answered to the next, as in Node itself: the dialer
 * may go through proxies, so that this is longer than between direct attempts (RFC 8305 §5).
 */
const attemptDelayMs = 500;

/** Milliseconds after which a dialer that says nothing is not thought to look a name up here. */
const silenceMs = 100;

/**
 * Makes what dials a request for a stream, which emits the events of a `net.Socket` meanwhile.
 *
 * @param settings What all dials share.
 * @param request The request.
 * @param target Where it goes.
 * @param stream The stream.
 * @returns What dials, for the stream to call.
 * @throws {TypeError} If the request asks for what no dialer can do; the message names the option.
 */
export function requestDial(
  settings: DialSettings,
  request: ConnectRequest,
  target: ConnectTarget,
  stream: ConnDuplex,
): (signal: AbortSignal) => Promise<Conn> {
  const network = networkOf(request);
  if ("path" in target) {
    return (signal) => dialAddress(settings, "unix", target.path, { signal });
  }
  const { host, port } = target;
  const address = joinHostPort(host, port);
  const progress = new DialProgress(stream, host);
  const onEvent = (event: DialEvent) => {
    progress.note(event);
    settings.onEvent?.(event);
  };
  // As in Node, nobody is asked what a literal stands for.
  if (ipFamily(host) !== undefined) {
    return (signal) => dialAddress(settings, network, address, { signal, onEvent });
  }
  const { lookup, hints } = request;
  if (lookup === undefined || lookup === null) {
    return async (signal) => {
      const silence = setTimeout(() => progress.foundElsewhere(), silenceMs);
      try {
        const conn = await dialAddress(settings, network, address, { signal, onEvent });
        progress.found(host);
        progress.flush();
        return familyHeeded(conn, network, progress);
      } catch (error) {
        if (isDialError(error) && error.phase === "resolve") progress.failed(error);
        progress.flush();
        throw error;
      } finally {
        clearTimeout(silence);
      }
    };
  }
  return async (signal) => {
    const family = network === "tcp4" ? 4 : network === "tcp6" ? 6 : 0;
    let addresses: readonly string[];
    try {
      addresses = await lookUp(lookup, { host, family, hints });
    } catch (thrown) {
      const error = errorOf(thrown, `Cannot look ${host} up`, "ENOTFOUND");
      progress.failed(error);
      progress.flush();
      throw error;
    }
    if (signal.aborted) throw signal.reason;
    for (const found of addresses) progress.found(found);
    const literals = addresses.map((found) => joinHostPort(found, port));
    try {
      return await dialAddress(settings, network, literals, { signal, onEvent });
    } finally {
      progress.flush();
    }
  };
}

/** A proxy that looks the name up itself takes no account of the family. */
function familyHeeded(conn: Conn, network: Network, { lookedUp }: DialProgress): Conn {
  if (network === "tcp" || lookedUp || conn.hops.length === 0) return conn;
  conn.reset();
  throw new TypeError("family is not supported here: the proxy looks the name up itself");
}

/** Dials an address, or races several of the same target. */
function dialAddress(
  { dialer, timeoutMs }: DialSettings,
  network: Network,
  address: string | readonly string[],
  options: { signal: AbortSignal; onEvent?: (event: DialEvent) => void },
): Promise<Conn> {
  const addresses = typeof address === "string" ? [address] : address;
  const run = (dial: RunningDial) => {
    // Told here, the limit says what the dial waited for.
    if (timeoutMs !== undefined) dial.limit(timeoutMs);
    return addresses.length === 1 ? dial.pass(dialer) : race(dial, dialer, addresses);
  };
  // Whatever the dialer throws or answers, this one answers a connection or fails with an error.
  return makeDialer({ name: "stream", over: dialer, run })
    .dialContext(network, addresses[0]!, options);
}

async function race(
  dial: RunningDial,
  dialer: ContextDialer,
  addresses: readonly string[],
): Promise<Conn> {
  const familyOf = (address: string): IpFamily => address.startsWith("[") ? 6 : 4;
  const end = await raceDials<string>(dial, {
    ...{ attemptDelayMs, resolutionDelayMs: 0, preferFamily: familyOf(addresses[0]!) },
    lookUp(race) {
      race.expect(2);
      for (const family of [4, 6] as const) {
        race.answer(family, addresses.filter((address) => familyOf(address) === family));
      }
    },
    attempt: (address) =>
      dial.step({ type: "attempt-start", address }, (step) => step.through(dialer, { address })),
  });
  if (!Array.isArray(end)) return end as Conn;
  throw dial.error({
    phase: end[0]!.phase,
    ...summarizeErrors(end, undefined),
    ...(end.length > 1 && { errors: end }),
  });
}
