import type { Conn } from "../core/conn.ts";
import { type WriteStyle, writeStyleOf, writev } from "../conn/writev.ts";
import { gatheredBatch, joinedBatch, type SpareMemory } from "./write_batch.ts";

/** Buffers to join pieces in, shared by all connections so that idle ones hold none. */
const spareBuffers: Uint8Array[] = [];
const mostSpareBuffers = 8;

/** The maximum of a single write, since the progress within a write is not observable. */
const mostPieceBytes = 512 * 1024;

/** Receives the results of a queue's writes. */
export interface SendQueueListener {
  /** The system accepted some of the data. */
  sent(): void;
  /** A write failed, and nothing more will be sent. */
  failed(error: unknown): void;
}

/**
 * Writes queued data to a connection in order, with one write at a time. Pieces queued during a
 * write are joined for the next.
 */
export class SendQueue implements SpareMemory {
  readonly #conn: Conn;
  readonly #listener: SendQueueListener;
  readonly #style: WriteStyle;
  readonly #pieces: Uint8Array[] = [];
  /** The number of pieces already written. */
  #taken = 0;
  #unsentBytes = 0;
  #writingBytes = 0;
  #joined: Uint8Array | undefined;
  #onFlushed: (() => void)[] | undefined;

  constructor(conn: Conn, listener: SendQueueListener) {
    this.#conn = conn;
    this.#listener = listener;
    this.#style = writeStyleOf(conn);
  }

  /** Bytes that the system has not accepted yet. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** Queues the pieces, which must not change until they are sent. */
  push(pieces: Iterable<Uint8Array>): void {
    for (const piece of pieces) {
      this.#unsentBytes += piece.byteLength;
      if (piece.byteLength <= mostPieceBytes) {
        if (piece.byteLength > 0) this.#pieces.push(piece);
        continue;
      }
      // Split, because a long write over a slow line would look like an idle connection.
      for (let start = 0; start < piece.byteLength; start += mostPieceBytes) {
        this.#pieces.push(piece.subarray(start, start + mostPieceBytes));
      }
    }
    if (this.#writingBytes === 0) this.#write();
  }

  /** Waits until the system has accepted everything, or nothing more will be sent. */
  flushed(): Promise<void> {
    if (this.#unsentBytes === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onFlushed ??= []).push(resolve));
  }

  /** Discards the unwritten pieces. */
  clear(): void {
    this.#pieces.length = 0;
    this.#taken = 0;
    this.#unsentBytes = 0;
    this.#tellFlushed();
  }

  #write(): void {
    const pieces = this.#pieces;
    if (this.#taken === pieces.length) return;
    const makeBatch = this.#style.supportsWritev ? gatheredBatch : joinedBatch;
    const { data, bytes, end } = makeBatch(pieces, this.#taken, this);
    this.#taken = end;
    if (end === pieces.length) {
      pieces.length = 0;
      this.#taken = 0;
    }
    this.#writingBytes = bytes;
    const writing = Array.isArray(data)
      ? writev(this.#conn, data)
      : this.#conn.write(data as Uint8Array);
    writing.then(this.#onSent, this.#onFailed);
  }

  get bytes(): number {
    return this.#style.coalesceBytes;
  }

  take(): Uint8Array {
    if (this.#joined !== undefined) return this.#joined;
    const spare = spareBuffers.pop();
    return this.#joined = spare?.byteLength === this.bytes ? spare : new Uint8Array(this.bytes);
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
    // Not reused: a failed write may still read from the buffer, and would send another
    // connection's data.
    this.#joined = undefined;
    this.clear();
    this.#listener.failed(error);
  };

  #giveBack(): void {
    if (this.#joined === undefined) return;
    if (spareBuffers.length < mostSpareBuffers) spareBuffers.push(this.#joined);
    this.#joined = undefined;
  }

  #tellFlushed(): void {
    const waiting = this.#onFlushed;
    this.#onFlushed = undefined;
    for (const resolve of waiting ?? []) resolve();
  }
}
