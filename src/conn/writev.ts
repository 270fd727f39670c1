import type { Conn } from "../core/conn.ts";

/** The best way to write many pieces to a connection. */
export interface WriteStyle {
  /** Whether `writev` sends several pieces by one system call, uncopied. */
  readonly supportsWritev: boolean;
  /** The size up to which small pieces are joined, for one write or one piece of a `writev`. */
  readonly coalesceBytes: number;
}

/** A connection of this package with a preferred style of writing. */
interface StyledConn {
  readonly writeStyle: WriteStyle;
  writev(pieces: readonly Uint8Array[]): Promise<number>;
}

/**
 * A write has a high fixed cost. This is the largest frame of libp2p's noise, plus space for small
 * pieces of the next frame. Twice as much is slower on Bun.
 */
const defaultStyle: WriteStyle = { supportsWritev: false, coalesceBytes: 66 * 1024 };

/**
 * Returns the best way to write many pieces to a connection.
 *
 * @param conn Any connection.
 * @returns Its style; without `supportsWritev` the pieces are joined before a write.
 */
export function writeStyleOf(conn: Conn): WriteStyle {
  return (conn as Partial<StyledConn>).writeStyle ?? defaultStyle;
}

/**
 * Writes pieces one after another, as `write` does for one.
 *
 * @param conn A connection whose style has `supportsWritev`.
 * @param pieces The bytes; they must not change until they are written.
 * @returns The bytes written, once all were accepted.
 */
export function writev(conn: Conn, pieces: readonly Uint8Array[]): Promise<number> {
  return (conn as Conn & StyledConn).writev(pieces);
}
