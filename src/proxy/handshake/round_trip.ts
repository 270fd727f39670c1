import type { Conn } from "../../core/conn.ts";
import type { DialReport } from "../../core/dial_report.ts";

/** A connection to a proxy, and how long it took to make. */
export interface ProxyConnection {
  readonly conn: Conn;
  /** The whole dial: lookups, attempts, and the proxies on the way. */
  readonly durationMs: number;
}

/**
 * The bound is never shorter: a proxy without TCP_NODELAY adds 40 ms to an answer, and a busy one
 * more.
 */
const MIN_ANSWER_MS = 100;

/** So many of the proxy's round trips are enough for an answer that only the proxy has to give. */
const ROUND_TRIPS = 4;

/**
 * Bounds the wait for an answer that a proxy gives by itself.
 *
 * @param connection The connection to the proxy; its round trip was seen while connecting.
 * @param maxMs The longest bound.
 * @returns Milliseconds.
 */
export function answerBoundMs({ conn, durationMs }: ProxyConnection, maxMs: number): number {
  let tripMs = durationMs;
  // The report is put together when it is read, which a short dial need not cost.
  if (ROUND_TRIPS * tripMs > MIN_ANSWER_MS) tripMs = lastStepMs(conn) ?? tripMs;
  return Math.min(maxMs, Math.max(MIN_ANSWER_MS, ROUND_TRIPS * tripMs));
}

function lastStepMs(conn: Conn): number | undefined {
  try {
    // A report that was made up for another dialer's connection has no duration.
    return roundTripMs(conn.report) || undefined;
  } catch {
    // A connection that was not dialed has no report.
    return undefined;
  }
}

/**
 * Finds the round trip to the other end of a connection: its last step took one at least, be it an
 * attempt, a handshake with the proxy before, or that of TLS. Lookups and what came before do not
 * count.
 *
 * @param report How the connection was made.
 * @returns Milliseconds.
 */
export function roundTripMs({ children, durationMs }: DialReport): number {
  const last = children.findLast(({ kind, outcome }) => kind !== "lookup" && outcome === "ok");
  return last === undefined ? durationMs : roundTripMs(last);
}
