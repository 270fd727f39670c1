import type { Conn } from "../core/conn.ts";
import { ConnDuplex, type ConnDuplexOptions } from "./conn_duplex.ts";

/**
 * Makes a Node stream of a connection, for functions that accept a `net.Socket` or a stream:
 * database drivers, `pipeline`, `tls.connect({ socket })`. On Deno prefer `withTls` or
 * `nodeConnector` to `tls.connect`: its `node:tls` over a stream reads on without a consumer and
 * may lose the end.
 *
 * @example
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 * await pipeline(source, toDuplex(conn), sink);
 *
 * @param conn The connection, which the stream owns from now on.
 * @param options Options of the stream.
 * @returns The stream, which emits `"connect"` soon after it is made. Each of its directions ends
 *   separately unless `allowHalfOpen` is `false`.
 */
export function toDuplex(conn: Conn, options: ConnDuplexOptions = {}): ConnDuplex {
  if (conn === undefined) throw new TypeError("Cannot make a stream of undefined");
  return new ConnDuplex(conn, options);
}
