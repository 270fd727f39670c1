import type { Conn } from "../core/conn.ts";
import { readOwned } from "../core/read_owned.ts";

/** What an idle connection waits with: little, since a node has many of them. */
const idleBytes = 1024;
/** What a connection that fills its buffers reads into. */
const busyBytes = 64 * 1024;

/** Reads a connection chunk by chunk. A chunk is its taker's for good. */
export class ChunkReader {
  readonly #conn: Conn;
  /** Only where the connection has no memory of its own to read into. */
  #buffer: Uint8Array | undefined;

  constructor(conn: Conn) {
    this.#conn = conn;
  }

  /** @returns What came next, `null` at the end. */
  read(): Promise<Uint8Array | null> {
    return readOwned(this.#conn) ?? this.#fill();
  }

  async #fill(): Promise<Uint8Array | null> {
    const buffer = this.#buffer ??= new Uint8Array(idleBytes);
    const count = await this.#conn.read(buffer);
    if (count === null) return null;
    // A large chunk goes as it is and a new buffer is made; little ones are copied out and the buffer is used again.
    if (count === buffer.byteLength || count > busyBytes / 2) {
      this.#buffer = new Uint8Array(busyBytes);
      return buffer.subarray(0, count);
    }
    if (count <= idleBytes) this.#buffer = undefined;
    return buffer.slice(0, count);
  }
}
