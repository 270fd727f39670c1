import type { Addr } from "./addr.ts";
import { BaseConn } from "./base_conn.ts";
import { closedError } from "./conn_error.ts";

/** Who waits for what is received: with a buffer to fill, or for a chunk. */
type Waiter =
  | {
    buffer: Uint8Array;
    resolve: (count: number | null) => void;
    reject: (error: unknown) => void;
  }
  | {
    buffer?: undefined;
    resolve: (chunk: Uint8Array | null) => void;
    reject: (error: unknown) => void;
  };

/**
 * A connection over a socket that calls back with data, as Node's and Bun's do. Bytes go straight into the buffer of
 * a waiting read; what does not fit is kept, and the socket is paused until it was taken.
 */
export abstract class PushConn extends BaseConn {
  #waiters: Waiter[] = [];
  /** Received and not yet read. The socket is paused while there is any. */
  #chunks: Uint8Array[] = [];
  #flowing: boolean;
  #ended = false;
  #error: unknown;

  /** @param flowing Whether the socket delivers data from the start, rather than after the first `resume`. */
  constructor(localAddr: Addr, remoteAddr: Addr, flowing = false) {
    super(localAddr, remoteAddr);
    this.#flowing = flowing;
  }

  /** Starts the flow of data. */
  protected abstract resume(): void;

  protected receive(buffer: Uint8Array): Promise<number | null> {
    if (this.#chunks.length > 0) return Promise.resolve(this.#take(buffer));
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#ended) return Promise.resolve(null);
    return new Promise((resolve, reject) => this.#wait({ buffer, resolve, reject }));
  }

  /**
   * Reads what comes next, as `read` does, in memory that is the reader's from then on: that spares a copy, and idle
   * connections a buffer.
   *
   * @returns The chunk; `null` at the end, and where the connection is closed meanwhile.
   */
  readOwned(): Promise<Uint8Array | null> {
    if (this.closed) return Promise.reject(closedError("read"));
    if (this.readEnded) return Promise.resolve(null);
    if (this.#chunks.length > 0) return Promise.resolve(this.#chunks.shift()!);
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#ended) return Promise.resolve(null);
    return new Promise((resolve, reject) => this.#wait({ resolve, reject }));
  }

  #wait(waiter: Waiter): void {
    this.#waiters.push(waiter);
    this.hold();
    if (this.#flowing) return;
    this.#flowing = true;
    this.resume();
  }

  /** Makes of received bytes a chunk that nobody else writes to. */
  protected own(chunk: Uint8Array): Uint8Array {
    return chunk;
  }

  /**
   * Takes what the socket received.
   *
   * @returns Whether the socket may go on; else it must pause until `resume`, and `chunk` must stay as it is until then.
   */
  protected push(chunk: Uint8Array): boolean {
    const rest = this.deliver(chunk);
    return rest === undefined || this.keep(rest);
  }

  /** Gives received bytes to the reads that wait, and returns what is left over. */
  protected deliver(chunk: Uint8Array): Uint8Array | undefined {
    while (this.#waiters.length > 0) {
      const waiter = this.#waiters.shift()!;
      this.release();
      if (waiter.buffer === undefined) {
        waiter.resolve(this.own(chunk));
        return undefined;
      }
      const { buffer, resolve, reject } = waiter;
      if (buffer.byteLength === 0) {
        reject(new TypeError("Cannot read: the buffer was detached or shrunk meanwhile"));
        continue;
      }
      const count = Math.min(buffer.byteLength, chunk.byteLength);
      buffer.set(count === chunk.byteLength ? chunk : chunk.subarray(0, count));
      resolve(count);
      if (count === chunk.byteLength) return undefined;
      chunk = chunk.subarray(count);
    }
    return chunk;
  }

  /** Keeps bytes for the next read; always `false`, for the socket must pause until then. */
  protected keep(rest: Uint8Array): false {
    this.#chunks.push(rest);
    return this.#flowing = false;
  }

  #take(buffer: Uint8Array): number {
    const chunk = this.#chunks[0]!;
    const count = Math.min(buffer.byteLength, chunk.byteLength);
    buffer.set(count === chunk.byteLength ? chunk : chunk.subarray(0, count));
    if (count === chunk.byteLength) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(count);
    return count;
  }

  /** The peer sent FIN: reads give what is left, then `null`. */
  protected pushEnd(): void {
    this.#ended = true;
    this.#settle(({ resolve }) => resolve(null));
  }

  /** The socket failed: reads give what is left, then this error. */
  protected pushError(error: unknown): void {
    this.#error ??= error;
    this.#settle(({ reject }) => reject(error));
  }

  protected get receivedAll(): boolean {
    return this.#waiters.length > 0 ||
      this.#chunks.length === 0 && (this.#ended || this.#error !== undefined);
  }

  /** What the socket failed with, if it did. */
  protected get failure(): unknown {
    return this.#error;
  }

  /** To be called by `destroy`: whoever waits is told, whatever is left is dropped. */
  protected pushClosed(): void {
    this.#chunks = [];
    this.#settle(({ buffer, resolve, reject }) => {
      if (buffer === undefined) resolve(null);
      else reject(closedError("read"));
    });
  }

  #settle(tell: (waiter: Waiter) => void): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      this.release();
      tell(waiter);
    }
  }
}
