import type { Conn } from "./conn.ts";

/** Connections of this package that receive in memory of their own. */
interface OwningConn {
  readOwned(): Promise<Uint8Array | null> | undefined;
}

/**
 * Reads what comes next in memory that is the reader's from then on, where the connection can do that: it spares a copy,
 * and while nothing comes a buffer.
 *
 * @param conn Any connection.
 * @returns The chunk, `null` at the end and where the connection is closed meanwhile; `undefined` if it has to be read with
 *   `read`.
 */
export function readOwned(conn: Conn): Promise<Uint8Array | null> | undefined {
  const { readOwned } = conn as Partial<OwningConn>;
  return typeof readOwned === "function" ? readOwned.call(conn) : undefined;
}
