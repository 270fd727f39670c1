import type { Conn } from "../core/conn.ts";
import { ConnDuplex, type ConnDuplexOptions } from "./conn_duplex.ts";

/**
 * Makes a Node stream of a connection, for all that takes a `net.Socket` or a stream: database drivers, `pipeline`,
 * `tls.connect({ socket })`. For the last `withTls` and `nodeConnector` are better on Deno, whose `node:tls` over a stream
 * reads on while nobody takes the data, and may lose the end.
 *
 * @example
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 * await pipeline(source, toDuplex(conn), sink);
 *
 * @param conn The connection, which is the stream's alone from now on.
 * @param options How the stream behaves.
 * @returns The stream, which emits `"connect"` soon after it is made. Each of its directions ends by itself unless
 *   `allowHalfOpen` is `false`.
 */
export function toDuplex(conn: Conn, options: ConnDuplexOptions = {}): ConnDuplex {
  if (conn === undefined) throw new TypeError("Cannot make a stream of undefined");
  return new ConnDuplex(conn, options);
}
