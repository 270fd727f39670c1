import type { Conn } from "../core/conn.ts";

/** How a connection best takes many pieces. */
export interface WriteStyle {
  /** Whether `writev` sends several pieces by one call to the system, uncopied. */
  readonly supportsWritev: boolean;
  /** How many bytes of small pieces are worth putting together for one write, or one piece of a gathered one. */
  readonly coalesceBytes: number;
}

/** A connection of this package that says how it is best written to. */
interface StyledConn {
  readonly writeStyle: WriteStyle;
  writev(pieces: readonly Uint8Array[]): Promise<number>;
}

/**
 * A write costs much however small it is: this is the largest frame of libp2p's noise, with room for the next one's small
 * pieces. Twice as much is slower on Bun.
 */
const defaultStyle: WriteStyle = { supportsWritev: false, coalesceBytes: 66 * 1024 };

/**
 * Tells how a connection best takes many pieces.
 *
 * @param conn Any connection.
 * @returns Its style; one that cannot gather takes what is put together in one piece.
 */
export function writeStyleOf(conn: Conn): WriteStyle {
  return (conn as Partial<StyledConn>).writeStyle ?? defaultStyle;
}

/**
 * Writes pieces one after another, as `write` does one.
 *
 * @param conn A connection that supportsWritev.
 * @param pieces What to write; must stay as it is until it is written.
 * @returns The bytes written, once all were accepted.
 */
export function writev(conn: Conn, pieces: readonly Uint8Array[]): Promise<number> {
  return (conn as Conn & StyledConn).writev(pieces);
}
