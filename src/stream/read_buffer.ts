import { Buffer } from "node:buffer";

const firstBytes = 16 * 1024;
const mostBytes = 64 * 1024;

/**
 * What a stream reads into. A chunk handed on is its taker's, so little chunks are copied out and the buffer is used again,
 * where a large one goes as it is and a new buffer is made.
 */
export class ReadBuffer {
  #bytes: Buffer | undefined;
  #size: number = firstBytes;

  /** Where to read to; every call before {@linkcode ReadBuffer.take} answers the same. */
  space(): Uint8Array {
    return this.#bytes ??= Buffer.allocUnsafeSlow(this.#size);
  }

  /** The first `count` bytes of the space, which are the caller's from now on. */
  take(count: number): Buffer {
    const bytes = this.#bytes!;
    if (count <= bytes.byteLength / 2) return Buffer.from(bytes.subarray(0, count));
    // A stream that fills its buffer is in a hurry; one that does not may be idle and shall hold little.
    if (count === bytes.byteLength) this.#size = mostBytes;
    this.#bytes = undefined;
    return bytes.subarray(0, count);
  }

  /** Lets go of the memory. */
  release(): void {
    this.#bytes = undefined;
  }
}
