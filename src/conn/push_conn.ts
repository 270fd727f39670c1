import type { Addr } from "../core/addr.ts";
import { BaseConn } from "./base_conn.ts";
import type { ChunkFlow, ChunkSink } from "./flow.ts";
import { closedError } from "../core/conn_error.ts";
import { byteLengthOf, copyInto, lostBufferError } from "./uint8_array.ts";

interface Waiter {
  buffer: Uint8Array;
  resolve: (count: number | null) => void;
  reject: (error: unknown) => void;
}

/**
 * A connection over a socket that calls back with data, as in Node and Bun. Bytes are copied into
 * the buffer of a waiting read. The rest is kept, and the socket is paused until it was read.
 */
export abstract class PushConn extends BaseConn implements ChunkFlow {
  #waiters: Waiter[] = [];
  /** Received and not yet read. The socket is paused while there is any. */
  #chunks: Uint8Array[] = [];
  /** Whether the socket delivers data. */
  #flowing: boolean;
  /** The sink that receives data in place of reads. */
  #sink: ChunkSink | undefined;
  #handing = false;
  #ended = false;
  #error: unknown;

  /**
   * @param flowing Whether the socket delivers data from the start, rather than after the first
   * `resume`.
   */
  constructor(localAddr: Addr, remoteAddr: Addr, flowing = false) {
    super(localAddr, remoteAddr);
    this.#flowing = flowing;
  }

  /** Starts the delivery of data. */
  protected abstract resumeSocket(): void;

  protected receive(buffer: Uint8Array): Promise<number | null> {
    if (this.#chunks.length > 0) return Promise.resolve(this.#take(buffer));
    if (this.#error !== undefined) {
      this.noteBroken();
      return Promise.reject(this.#error);
    }
    if (this.#ended) {
      this.noteEnd();
      return Promise.resolve(null);
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ buffer, resolve, reject });
      this.hold();
      this.#start();
    });
  }

  #start(): void {
    if (this.#flowing) return;
    this.#flowing = true;
    this.resumeSocket();
  }

  /** As `flowChunks`. */
  pipeTo(sink: ChunkSink): ChunkFlow {
    this.#sink = sink;
    this.hold();
    return this;
  }

  /** Resumes the flow to the sink. */
  resume(): void {
    // The sink's return value for the chunk in progress decides whether it wants more.
    if (this.#handing) return;
    while (this.#sink !== undefined && this.#chunks.length > 0) {
      if (!this.#hand(this.#chunks.shift()!)) return;
    }
    if (this.#sink === undefined) return;
    if (this.#error !== undefined) this.#failFlow(this.#error);
    else if (this.#ended) this.#finishFlow();
    else this.#start();
  }

  /** Ends the flow to a sink. */
  stop(): void {
    this.#endFlow();
  }

  #hand(chunk: Uint8Array): boolean {
    this.#handing = true;
    const goesOn = this.#sink!.chunk(chunk);
    this.#handing = false;
    return goesOn;
  }

  /** @returns The sink to notify; `undefined` while there is none or it is paused. */
  #endFlow(): ChunkSink | undefined {
    const sink = this.#sink;
    if (sink === undefined) return undefined;
    this.#sink = undefined;
    this.release();
    return sink;
  }

  /** Whether the end may be reported to the sink, if there is one: not while it is paused. */
  get #drained(): boolean {
    return this.#flowing && this.#chunks.length === 0;
  }

  /**
   * Makes a chunk of received bytes that no other code writes to, for a flow or for the next read.
   */
  protected own(chunk: Uint8Array, _use: "flow" | "keep"): Uint8Array {
    return chunk;
  }

  /**
   * Receives bytes from the socket.
   *
   * @returns Whether the socket may go on; otherwise it must pause until `resumeSocket`.
   */
  protected push(chunk: Uint8Array): boolean {
    if (this.#sink !== undefined) return this.#flowing = this.#hand(this.own(chunk, "flow"));
    const rest = this.#deliver(chunk);
    if (rest === undefined) return true;
    this.#chunks.push(this.own(rest, "keep"));
    return this.#flowing = false;
  }

  /** Copies received bytes to the waiting reads and returns the rest. */
  #deliver(chunk: Uint8Array): Uint8Array | undefined {
    while (this.#waiters.length > 0) {
      const { buffer, resolve, reject } = this.#waiters.shift()!;
      this.release();
      if (byteLengthOf(buffer) === 0) {
        reject(lostBufferError());
        continue;
      }
      const count = copyInto(buffer, chunk);
      resolve(count);
      if (count === chunk.byteLength) return undefined;
      chunk = chunk.subarray(count);
    }
    return chunk;
  }

  #take(buffer: Uint8Array): number {
    const chunk = this.#chunks[0]!;
    const count = copyInto(buffer, chunk);
    if (count === chunk.byteLength) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(count);
    return count;
  }

  /** The peer sent FIN: reads return the kept bytes, then `null`. */
  protected pushEnd(): void {
    this.#ended = true;
    this.#settle(({ resolve }) => {
      this.noteEnd();
      resolve(null);
    });
    if (this.#drained) this.#finishFlow();
  }

  /** The socket failed: reads return the kept bytes, then reject with this error. */
  protected pushError(error: unknown): void {
    this.#error ??= error;
    this.#settle(({ reject }) => {
      this.noteBroken();
      reject(error);
    });
    if (this.#drained) this.#failFlow(error);
  }

  #finishFlow(): void {
    const sink = this.#endFlow();
    if (sink === undefined) return;
    this.noteEnd();
    sink.end();
  }

  #failFlow(error: unknown): void {
    const sink = this.#endFlow();
    if (sink === undefined) return;
    this.noteBroken();
    sink.failed(error);
  }

  protected get receivedAll(): boolean {
    return this.#waiters.length > 0 || this.#sink !== undefined ||
      this.#chunks.length === 0 && (this.#ended || this.#error !== undefined);
  }

  protected override rejectReads(): void {
    this.pushClosed();
  }

  /** The error of the socket, if it failed. */
  protected get failure(): unknown {
    return this.#error;
  }

  /** To be called by `destroy`: rejects the waiting reads and drops the kept bytes. */
  protected pushClosed(): void {
    this.#chunks = [];
    this.#settle(({ reject }) => reject(closedError("read")));
    this.#endFlow();
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
