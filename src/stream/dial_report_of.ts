import type { Addr } from "../core/addr.ts";
import type { Conn } from "../core/conn.ts";
import type { DialReport } from "../core/dial_report.ts";
import { ConnDuplex, connOfDuplex } from "./conn_duplex.ts";

/** The report of the connection under a stream. */
export interface StreamReport extends DialReport {
  /** The proxies on the way, in order; empty for a direct connection. */
  readonly hops: readonly Addr[];
  /** The connection, which the stream owns. */
  readonly conn: Conn;
}

/**
 * Returns the report of the connection under a stream: the tree of lookups, attempts and handshakes
 * with their times, the proxies on the way, and the connection itself.
 *
 * @example
 * http.get("http://peer.example/", { agent: connector.httpAgent() }, (res) => {
 *   const report = dialReportOf(res.socket);
 *   if (report !== undefined) console.log(formatReport(report), report.hops);
 * });
 *
 * @param stream A stream of this module, such as the `socket` of a request or response, or a socket
 *   of `tls.connect` over one.
 * @returns The report; `undefined` for any other stream, and before there is a connection.
 */
export function dialReportOf(stream: object | null | undefined): StreamReport | undefined {
  const duplex = duplexUnder(stream);
  const conn = duplex && connOfDuplex(duplex);
  return conn && { ...conn.report, hops: conn.hops, conn };
}

/**
 * Finds the stream below a socket of `node:tls`, which keeps its transport among the options of
 * `tls.connect` on all runtimes.
 */
function duplexUnder(stream: object | null | undefined): ConnDuplex | undefined {
  // TLS may be nested.
  for (let at: unknown = stream, depth = 0; isObject(at) && depth < maxDepth; depth++) {
    if (at instanceof ConnDuplex) return at;
    at = connectOptions(at)?.socket;
  }
  return undefined;
}

const maxDepth = 8;

function connectOptions(socket: object): { socket?: unknown } | undefined {
  const key = Object.getOwnPropertySymbols(socket).find((symbol) => {
    return symbol.description === "connect-options";
  });
  const options = key && Reflect.get(socket, key);
  return isObject(options) ? options : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
