import type { Conn } from "../../core/conn.ts";
import type { DialReport } from "../../core/dial_report.ts";

/** A connection to a proxy, and the duration of its dial. */
export interface ProxyConnection {
  readonly conn: Conn;
  /** Milliseconds of the whole dial: lookups, attempts, and earlier proxies. */
  readonly durationMs: number;
}

/** Least limit: a proxy without TCP_NODELAY delays an answer by 40 ms, and a busy one by more. */
const MIN_ANSWER_MS = 100;

/** Round trips that suffice for an answer which does not depend on the target. */
const ROUND_TRIPS = 4;

/**
 * Returns the limit of the wait for an answer that does not depend on the target.
 *
 * @param connection The connection to the proxy; its round trip was measured while connecting.
 * @param maxMs The upper limit in milliseconds.
 * @returns Milliseconds.
 */
export function answerBoundMs({ conn, durationMs }: ProxyConnection, maxMs: number): number {
  let tripMs = durationMs;
  // `report` is computed on access; a short dial avoids that cost.
  if (ROUND_TRIPS * tripMs > MIN_ANSWER_MS) tripMs = lastStepMs(conn) ?? tripMs;
  return Math.min(maxMs, Math.max(MIN_ANSWER_MS, ROUND_TRIPS * tripMs));
}

function lastStepMs(conn: Conn): number | undefined {
  try {
    // A report that was synthesized for a foreign dialer's connection has no duration.
    return roundTripMs(conn.report) || undefined;
  } catch {
    // `report` throws on a connection that was not dialed.
    return undefined;
  }
}

/**
 * Estimates the round trip to the remote end of a connection by its last step: an attempt, a
 * handshake with the previous proxy, or a TLS handshake. Each needs at least one round trip.
 * Lookups and earlier steps do not count.
 *
 * @param report The report of the dial.
 * @returns Milliseconds.
 */
export function roundTripMs({ children, durationMs }: DialReport): number {
  const last = children.findLast(({ kind, outcome }) => kind !== "lookup" && outcome === "ok");
  return last === undefined ? durationMs : roundTripMs(last);
}
