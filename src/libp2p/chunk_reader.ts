import type { Conn } from "../core/conn.ts";

/** What an idle connection waits with: little, since a node has many of them. */
const idleBytes = 1024;
/** What a connection that fills its buffers reads into. */
const busyBytes = 64 * 1024;

/**
 * Reads a connection chunk by chunk. A chunk is its taker's for good, so little ones are copied out and the buffer is used
 * again, where a large one goes as it is and a new buffer is made.
 */
export class ChunkReader {
  readonly #conn: Conn;
  #buffer: Uint8Array = new Uint8Array(idleBytes);

  constructor(conn: Conn) {
    this.#conn = conn;
  }

  /** @returns What came next, `null` at the end. */
  async read(): Promise<Uint8Array | null> {
    const count = await this.#conn.read(this.#buffer);
    return count === null ? null : this.#take(count);
  }

  #take(count: number): Uint8Array {
    const buffer = this.#buffer;
    if (count === buffer.byteLength || count > busyBytes / 2) {
      this.#buffer = unfilled(busyBytes);
      return buffer.subarray(0, count);
    }
    if (count <= idleBytes && buffer.byteLength > idleBytes) {
      this.#buffer = new Uint8Array(idleBytes);
    }
    return buffer.slice(0, count);
  }
}

/** Node's way to memory that is not zeroed first, which is what making a buffer costs most. */
const { Buffer } = globalThis as {
  Buffer?: { allocUnsafeSlow?(bytes: number): Uint8Array<ArrayBuffer> };
};

function unfilled(bytes: number): Uint8Array {
  // As a plain array: the `slice` of a `Buffer` does not copy.
  const memory = Buffer?.allocUnsafeSlow?.(bytes).buffer;
  return memory === undefined ? new Uint8Array(bytes) : new Uint8Array(memory);
}
