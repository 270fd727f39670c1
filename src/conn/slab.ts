/**
 * A busy connection's first slab, and its largest: the more a read takes, the less a byte costs.
 */
const firstBytes = 128 * 1024;
const largestBytes = 1024 * 1024;
/** A slab with less room than this is used up. */
const leastBytes = 64 * 1024;
/** A chunk smaller than this is copied out, so that it does not keep a slab alive. */
const smallBytes = 16 * 1024;
/** After this many small chunks in a row a connection is not busy any more. */
const patience = 4;
/** A slab that nothing was received into for this long, or twice as long, is given back. */
const idleMs = 1_000;
/**
 * What all connections together may hold for what is yet to come; with more they do with copies.
 */
const mostHeldBytes = 32 * 1024 * 1024;

let heldBytes = 0;

/**
 * Memory that a busy connection receives into, chunk after chunk, each of which belongs to its
 * receiver from then on: one piece of memory for many chunks, written once. Garbage is what
 * receiving costs most.
 *
 * A read that is pending holds on to its buffer. So there is room only for a read that more is
 * there for, which the read before shows by having filled its buffer: a connection that is silent
 * waits with other memory, and its slab is released.
 */
export class Slab {
  readonly #allocate: (bytes: number) => Uint8Array;
  #slab: Uint8Array | undefined;
  #used = 0;
  #smallChunks = 0;
  #filled = false;
  #isIdle = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param allocate Gives memory, which need not be zeroed. */
  constructor(allocate: (bytes: number) => Uint8Array) {
    this.#allocate = allocate;
  }

  /**
   * Where to read to next; `undefined` while the connection has to wait, is not busy, or others
   * hold too much.
   */
  buffer(): Uint8Array | undefined {
    if (!this.#filled) return undefined;
    return this.#used === 0 ? this.#slab : this.#slab!.subarray(this.#used);
  }

  /**
   * Makes a chunk of what was read.
   *
   * @param read Lies at the beginning of `buffer()`, or in memory that will be written to again.
   * @param filled Whether the read filled all of its buffer.
   * @returns The chunk, which nobody else writes to.
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

  /** Lets the slab go: nothing more comes, or not soon. */
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

  /** Looks again and again, rather than starting a timer anew for each chunk. */
  #watch(): ReturnType<typeof setTimeout> {
    this.#isIdle = true;
    const timer = setTimeout(() => {
      this.#timer = undefined;
      // A read that is pending may hold the slab all the same.
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
