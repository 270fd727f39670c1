import type { Addr } from "../core/addr.ts";
import type { Conn } from "../core/conn.ts";
import type { DialReport } from "../core/dial_report.ts";
import type { Connection, MultiaddrConnection } from "./tcp_transport.ts";

/** How a libp2p connection came about. */
export interface ConnectionReport extends DialReport {
  /** What the bytes pass on their way: empty when direct, else the proxies in order. */
  readonly hops: readonly Addr[];
}

const conns = new WeakMap<WeakKey, Conn>();

/** Keeps which connection is under one of libp2p's. */
export function rememberConn(connection: Connection | MultiaddrConnection, conn: Conn): void {
  conns.set(connection, conn);
}

/**
 * Tells how a libp2p connection that this transport dialed came about: the tree of lookups, attempts and proxy handshakes
 * with their times, and the proxies on the way.
 *
 * @example
 * const connection = await node.dial(ma);
 * const report = dialReportOf(connection);
 * if (report !== undefined) console.log(formatReport(report), report.hops);
 *
 * @param connection A connection of a libp2p node.
 * @returns The report, or `undefined` for a connection that came in or that another transport dialed.
 */
export function dialReportOf(
  connection: Connection | MultiaddrConnection,
): ConnectionReport | undefined {
  // libp2p tells of a new connection before its transport can know it; below it is the one that the transport made.
  const { maConn } = connection as { maConn?: WeakKey };
  const conn = conns.get(connection) ?? (maConn && conns.get(maConn));
  // A connection of somebody else's making may have none.
  return conn && { ...conn.report, hops: conn.hops ?? [] };
}
