/**
 * The size of a busy connection's first slab, and of its largest: longer reads cost less for each
 * byte.
 */
const firstBytes = 128 * 1024;
const largestBytes = 1024 * 1024;
/** A slab with less free memory than this is used up. */
const leastBytes = 64 * 1024;
/** A smaller chunk is copied out, so that it does not keep a slab alive. */
const smallBytes = 16 * 1024;
/** After this many small chunks in a row a connection is no longer busy. */
const patience = 4;
/** A slab without received bytes is released after this time, or up to twice as long. */
const idleMs = 1_000;
/** The limit for the free slab memory of all connections; above it they copy chunks. */
const mostHeldBytes = 32 * 1024 * 1024;

let heldBytes = 0;

/**
 * Memory for the received bytes of a busy connection. The receiver owns each chunk. One allocation
 * serves many chunks and is written once, because garbage is the largest cost of receiving.
 *
 * A pending read retains its buffer. So the slab serves only reads whose data is available already,
 * which the previous read shows by filling its buffer. A silent connection waits with other memory,
 * and its slab is released.
 */
export class Slab {
  readonly #allocate: (bytes: number) => Uint8Array;
  #slab: Uint8Array | undefined;
  #used = 0;
  #smallChunks = 0;
  #filled = false;
  #isIdle = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param allocate Returns memory, which need not be zeroed. */
  constructor(allocate: (bytes: number) => Uint8Array) {
    this.#allocate = allocate;
  }

  /**
   * The memory for the next read; `undefined` while the connection has to wait, is not busy, or
   * other connections hold too much.
   */
  buffer(): Uint8Array | undefined {
    if (!this.#filled) return undefined;
    return this.#used === 0 ? this.#slab : this.#slab!.subarray(this.#used);
  }

  /**
   * Makes a chunk of the bytes read.
   *
   * @param read At the beginning of `buffer()`, or in memory that will be overwritten.
   * @param filled Whether the read filled all of its buffer.
   * @returns The chunk, which no other code writes to.
   */
  commit(read: Uint8Array, filled: boolean): Uint8Array {
    const slab = this.#slab;
    const { byteLength } = read;
    this.#filled = filled;
    this.#isIdle = false;
    if (byteLength < smallBytes) {
      if (filled) this.#smallChunks = 0;
      else if (++this.#smallChunks >= patience) this.release();
      return read.slice();
    }
    this.#smallChunks = 0;
    if (slab === undefined || read.buffer !== slab.buffer) {
      if (slab === undefined) this.#hold(firstBytes);
      return read.slice();
    }
    this.#used += byteLength;
    if (slab.byteLength - this.#used < leastBytes) {
      this.#hold(Math.min(2 * slab.byteLength, largestBytes));
    }
    return read;
  }

  /** Releases the slab: no data follows soon. */
  release(): void {
    this.#hold(0);
  }

  #hold(bytes: number): void {
    heldBytes -= this.#slab?.byteLength ?? 0;
    this.#slab = bytes > 0 && heldBytes + bytes <= mostHeldBytes
      ? this.#allocate(bytes)
      : undefined;
    heldBytes += this.#slab?.byteLength ?? 0;
    this.#used = 0;
    if (this.#slab !== undefined) this.#timer ??= this.#watch();
    else this.#unwatch();
  }

  /** One repeating check, because a new timer for each chunk would cost more. */
  #watch(): ReturnType<typeof setTimeout> {
    this.#isIdle = true;
    const timer = setTimeout(() => {
      this.#timer = undefined;
      // A pending read may still retain the slab.
      if (this.#isIdle && !this.#filled) this.release();
      else this.#timer = this.#watch();
    }, idleMs);
    (timer as { unref?(): unknown }).unref?.();
    return timer;
  }

  #unwatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
