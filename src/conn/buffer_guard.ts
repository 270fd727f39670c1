import { byteLengthOf, copyInto, isResizable, lostBufferError, plainBytes } from "./uint8_array.ts";

/** Reads into a buffer, as `Conn.read` does. */
type Read = (buffer: Uint8Array) => Promise<number | null>;

const scratchBytes = 64 * 1024;

/**
 * Reads for sockets that write to a buffer's memory as it was when the read began. Memory that may
 * shrink is replaced by other memory for the read; bytes that no longer fit are kept for the next
 * read. Memory that cannot shrink is read into directly; if it is detached, the bytes are lost.
 */
export class BufferGuard {
  readonly #read: Read;
  /** The last read into other memory, while later reads have to wait for it. */
  #careful: Promise<unknown> | undefined;
  /** Received bytes that did not fit a buffer. */
  #kept: Uint8Array | undefined;

  /** @param read Reads from the socket. */
  constructor(read: Read) {
    this.#read = read;
  }

  /** Reads into a non-empty buffer. */
  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#careful !== undefined || isResizable(buffer)) return this.#readCarefully(buffer);
    return this.#read(plainBytes(buffer)).then((count) => {
      if (count !== null && byteLengthOf(buffer) === 0) throw lostBufferError();
      return count;
    });
  }

  #readCarefully(buffer: Uint8Array): Promise<number | null> {
    const read = (this.#careful ?? Promise.resolve()).then(() => this.#readByCopy(buffer));
    const careful = read.catch(() => {}).then(() => {
      if (this.#careful === careful && this.#kept === undefined) this.#careful = undefined;
    });
    this.#careful = careful;
    return read;
  }

  async #readByCopy(buffer: Uint8Array): Promise<number | null> {
    const size = byteLengthOf(buffer);
    if (this.#kept === undefined && size > 0) {
      const scratch = new Uint8Array(Math.min(size, scratchBytes));
      const count = await this.#read(scratch);
      if (count === null) return null;
      this.#kept = scratch.subarray(0, count);
    }
    if (byteLengthOf(buffer) === 0) throw lostBufferError();
    const kept = this.#kept!;
    const count = copyInto(buffer, kept);
    this.#kept = count < kept.byteLength ? kept.subarray(count) : undefined;
    return count;
  }
}
