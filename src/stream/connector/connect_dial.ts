import { redacted } from "../../core/redact.ts";
import type { Conn } from "../../core/conn.ts";
import { isDialError } from "../../core/dial_error.ts";
import type { DialEvent } from "../../core/dial_event.ts";
import type { Network } from "../../core/addr.ts";
import type { ContextDialer } from "../../core/dialer.ts";
import { joinHostPort } from "../../core/host_port.ts";
import { makeDialer } from "../../dial/compose_dialer.ts";
import type { RunningDial } from "../../dial/running_dial.ts";
import { summarizeErrors } from "../../net/summarize_errors.ts";
import { asciiName } from "../../ip/host_name.ts";
import { type IpFamily, ipFamily } from "../../ip/ip_literal.ts";
import { raceDials } from "../../dial/race_dials.ts";
import type { ConnDuplex } from "../conn_duplex.ts";
import { type ConnectRequest, type ConnectTarget, networkOf } from "./connect_request.ts";
import { DialProgress } from "./dial_progress.ts";
import { errorOf } from "../error_of.ts";
import { lookUp } from "./node_lookup.ts";

/** Settings shared by all dials of one connector. */
export interface DialSettings {
  readonly dialer: ContextDialer;
  readonly timeoutMs: number | undefined;
  readonly onEvent: ((event: DialEvent) => void) | undefined;
}

/**
 * Milliseconds between attempts on the addresses that `lookup` returned. The value is Node's: the
 * dialer may go through proxies, so it is longer than for direct attempts (RFC 8305 §5).
 */
const attemptDelayMs = 500;

/**
 * Milliseconds without events after which the dialer is assumed not to resolve the name locally.
 */
const silenceMs = 100;

/**
 * Returns the function that dials a request for a stream. Meanwhile it emits the events of a
 * `net.Socket` on the stream.
 *
 * @param settings The settings shared by all dials.
 * @param request The request.
 * @param target The target of the request.
 * @param stream The stream.
 * @returns The dial, for the stream to start.
 * @throws {TypeError} If no dialer can meet the request; the message names the option.
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
  // As in Node, an IP literal needs no lookup.
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
      addresses = await lookUp(lookup, { host: asciiName(host) ?? host, family, hints });
    } catch (thrown) {
      const error = errorOf(thrown, `Cannot look ${redacted(host)} up`, "ENOTFOUND");
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

/** Rejects a connection for which a proxy resolved the name, since the proxy ignores the family. */
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
    // Limited inside the dial, so that the time-out error has the pending step.
    if (timeoutMs !== undefined) dial.limit(timeoutMs);
    return addresses.length === 1 ? dial.pass(dialer) : race(dial, dialer, addresses);
  };
  // `makeDialer` ensures a connection or an error, whatever the dialer returns or throws.
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
