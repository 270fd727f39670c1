import type { Addr } from "../core/addr.ts";
import type { Conn } from "../core/conn.ts";
import type { DialReport } from "../core/dial_report.ts";
import { connUnder } from "./conn_multiaddr_connection.ts";
import type { Connection, MultiaddrConnection } from "./tcp_transport.ts";

/** How a libp2p connection came about. */
export interface ConnectionReport extends DialReport {
  /** What the bytes pass on their way: empty when direct, else the proxies in order. */
  readonly hops: readonly Addr[];
}

/** Of connections that do not tell what is under them. */
const conns = new WeakMap<Connection, Conn>();

/** Keeps which connection is under one of libp2p's, unless that can be told. */
export function rememberConn(connection: Connection, conn: Conn): void {
  if (connOf(connection) === undefined) conns.set(connection, conn);
}

/**
 * libp2p's own have the one that their transport made, and are told of before that transport can
 * know them.
 */
function connOf(connection: Connection | MultiaddrConnection): Conn | undefined {
  return connUnder(connection) ?? connUnder((connection as { maConn?: unknown }).maConn);
}

/**
 * Tells how a libp2p connection that this transport dialed came about: the tree of lookups,
 * attempts and proxy handshakes with their times, and the proxies on the way.
 *
 * @example
 * const connection = await node.dial(ma);
 * const report = dialReportOf(connection);
 * if (report !== undefined) console.log(formatReport(report), report.hops);
 *
 * @param connection A connection of a libp2p node.
 * @returns The report, or `undefined` for a connection that came in or that another transport
 *   dialed.
 */
export function dialReportOf(
  connection: Connection | MultiaddrConnection,
): ConnectionReport | undefined {
  const conn = connOf(connection) ?? conns.get(connection as Connection);
  return conn && { ...conn.report, hops: conn.hops };
}
