import { Buffer } from "node:buffer";

const firstBytes = 16 * 1024;
const mostBytes = 64 * 1024;

/**
 * The read buffer of a stream. The consumer owns every chunk, so a small chunk is copied and the
 * buffer reused, while a large one is passed on and replaced by a new buffer.
 */
export class ReadBuffer {
  #bytes: Buffer | undefined;
  #size: number = firstBytes;

  /** The space to read into; the same at every call before {@linkcode ReadBuffer.take}. */
  space(): Uint8Array {
    return this.#bytes ??= Buffer.allocUnsafeSlow(this.#size);
  }

  /** Returns the first `count` bytes of the space, which the caller owns from now on. */
  take(count: number): Buffer {
    const bytes = this.#bytes!;
    if (count <= bytes.byteLength / 2) return Buffer.from(bytes.subarray(0, count));
    // Only a stream that fills its buffer gets a larger one; an idle stream should hold little
    // memory.
    if (count === bytes.byteLength) this.#size = mostBytes;
    this.#bytes = undefined;
    return bytes.subarray(0, count);
  }

  /** Releases the memory. */
  release(): void {
    this.#bytes = undefined;
  }
}
