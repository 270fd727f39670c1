import type { Conn } from "../core/conn.ts";

/**
 * Pieces are put together up to this size, since a write costs much however small it is: the largest frame of noise, with
 * room for the next one's small pieces. Twice as much is slower on Bun.
 */
const joinedBytes = 66 * 1024;
/** A piece this large is written by itself: copying it would cost more than a write. */
const largeBytes = 32 * 1024;

/** Buffers to put pieces together in, shared by all connections so that idle ones hold none. */
const spareBuffers: Uint8Array[] = [];
const mostSpareBuffers = 8;

/** Who is told what becomes of what was queued. */
export interface SendQueueListener {
  /** The system took some of it. */
  sent(): void;
  /** A write failed, and nothing more will be sent. */
  failed(error: unknown): void;
}

/**
 * Writes to a connection what it is given, in order and with one write at a time. What comes while a write is under way
 * is put together for the next.
 */
export class SendQueue {
  readonly #conn: Conn;
  readonly #listener: SendQueueListener;
  readonly #pieces: Uint8Array[] = [];
  /** How many of the pieces were written. */
  #taken = 0;
  #unsentBytes = 0;
  #writingBytes = 0;
  #joined: Uint8Array | undefined;
  #flushed: (() => void)[] = [];

  constructor(conn: Conn, listener: SendQueueListener) {
    this.#conn = conn;
    this.#listener = listener;
  }

  /** Bytes that the system did not take yet. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** Sends the pieces, which must stay as they are until they are sent. */
  push(pieces: Iterable<Uint8Array>): void {
    for (const piece of pieces) {
      if (piece.byteLength === 0) continue;
      this.#pieces.push(piece);
      this.#unsentBytes += piece.byteLength;
    }
    if (this.#writingBytes === 0) this.#write();
  }

  /** Waits until the system took everything, or nothing more will be sent. */
  flushed(): Promise<void> {
    if (this.#unsentBytes === 0) return Promise.resolve();
    return new Promise((resolve) => this.#flushed.push(resolve));
  }

  /** Forgets what was not written yet. */
  clear(): void {
    this.#pieces.length = 0;
    this.#taken = 0;
    this.#unsentBytes = 0;
    this.#tellFlushed();
  }

  #write(): void {
    if (this.#taken === this.#pieces.length) return;
    const data = this.#next();
    this.#writingBytes = data.byteLength;
    this.#conn.write(data).then(this.#onSent, this.#onFailed);
  }

  #next(): Uint8Array {
    const pieces = this.#pieces;
    const start = this.#taken;
    const first = pieces[start]!;
    let end = start + 1;
    let bytes = first.byteLength;
    if (bytes < largeBytes) {
      while (end < pieces.length && bytes + pieces[end]!.byteLength <= joinedBytes) {
        bytes += pieces[end]!.byteLength;
        end++;
      }
    }
    const data = end === start + 1 ? first : this.#join(start, end, bytes);
    this.#taken = end;
    if (end === pieces.length) {
      pieces.length = 0;
      this.#taken = 0;
    }
    return data;
  }

  #join(start: number, end: number, bytes: number): Uint8Array {
    this.#joined ??= spareBuffers.pop() ?? new Uint8Array(joinedBytes);
    let offset = 0;
    for (let index = start; index < end; index++) {
      const piece = this.#pieces[index]!;
      this.#joined.set(piece, offset);
      offset += piece.byteLength;
    }
    return this.#joined.subarray(0, bytes);
  }

  readonly #onSent = (): void => {
    this.#unsentBytes = Math.max(0, this.#unsentBytes - this.#writingBytes);
    this.#writingBytes = 0;
    this.#write();
    if (this.#writingBytes === 0) {
      this.#giveBack();
      this.#tellFlushed();
    }
    this.#listener.sent();
  };

  readonly #onFailed = (error: unknown): void => {
    this.#writingBytes = 0;
    this.#giveBack();
    this.clear();
    this.#listener.failed(error);
  };

  #giveBack(): void {
    if (this.#joined === undefined) return;
    if (spareBuffers.length < mostSpareBuffers) spareBuffers.push(this.#joined);
    this.#joined = undefined;
  }

  #tellFlushed(): void {
    for (const resolve of this.#flushed.splice(0)) resolve();
  }
}
