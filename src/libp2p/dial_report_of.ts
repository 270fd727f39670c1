import type { Addr } from "../core/addr.ts";
import type { Conn } from "../core/conn.ts";
import type { DialReport } from "../core/dial_report.ts";
import { connUnder } from "./conn_multiaddr_connection.ts";
import type { Connection, MultiaddrConnection } from "./tcp_transport.ts";

/** The report of a libp2p connection. */
export interface ConnectionReport extends DialReport {
  /** The proxies on the way, in order; empty for a direct connection. */
  readonly hops: readonly Addr[];
}

/** For connections that do not expose the connection below them. */
const conns = new WeakMap<Connection, Conn>();

/** Stores the connection below a libp2p connection, unless it can be read from it. */
export function rememberConn(connection: Connection, conn: Conn): void {
  if (connOf(connection) === undefined) conns.set(connection, conn);
}

/**
 * Reads the connection below a libp2p connection. libp2p's own class keeps its transport's
 * connection, and announces itself before the transport can store anything for it.
 */
function connOf(connection: Connection | MultiaddrConnection): Conn | undefined {
  return connUnder(connection) ?? connUnder((connection as { maConn?: unknown }).maConn);
}

/**
 * Returns the report of a libp2p connection that this transport dialed: the tree of lookups,
 * attempts and proxy handshakes with their times, and the proxies on the way.
 *
 * @example
 * const connection = await node.dial(ma);
 * const report = dialReportOf(connection);
 * if (report !== undefined) console.log(formatReport(report), report.hops);
 *
 * @param connection A connection of a libp2p node.
 * @returns The report, or `undefined` for an accepted connection or one of another transport.
 */
export function dialReportOf(
  connection: Connection | MultiaddrConnection,
): ConnectionReport | undefined {
  const conn = connOf(connection) ?? conns.get(connection as Connection);
  return conn && { ...conn.report, hops: conn.hops };
}
