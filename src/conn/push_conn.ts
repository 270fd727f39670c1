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
 * A connection over a socket that calls back with data, as Node's and Bun's do. Bytes go straight
 * into the buffer of a waiting read; what does not fit is kept, and the socket is paused until it
 * was taken.
 */
export abstract class PushConn extends BaseConn implements ChunkFlow {
  #waiters: Waiter[] = [];
  /** Received and not yet read. The socket is paused while there is any. */
  #chunks: Uint8Array[] = [];
  /** Whether the socket delivers what comes. */
  #flowing: boolean;
  /** Takes what comes, in place of reads. */
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

  /** Starts the flow of data. */
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

  /** As `flowChunks` has it. */
  pipeTo(sink: ChunkSink): ChunkFlow {
    this.#sink = sink;
    this.hold();
    return this;
  }

  /** Lets the flow to a sink go on. */
  resume(): void {
    // What the sink answers to the chunk that it is given says whether it wants more.
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

  /** @returns Whom to tell; `undefined` if nobody takes the flow, or not now. */
  #endFlow(): ChunkSink | undefined {
    const sink = this.#sink;
    if (sink === undefined) return undefined;
    this.#sink = undefined;
    this.release();
    return sink;
  }

  /**
   * Whether the sink, if there is one, can be told now that nothing more comes: not while it wants
   * nothing.
   */
  get #drained(): boolean {
    return this.#flowing && this.#chunks.length === 0;
  }

  /**
   * Makes of received bytes a chunk that nobody else writes to, for a flow or to be kept for the
   * next read.
   */
  protected own(chunk: Uint8Array, _use: "flow" | "keep"): Uint8Array {
    return chunk;
  }

  /**
   * Takes what the socket received.
   *
   * @returns Whether the socket may go on; else it must pause until `resumeSocket`.
   */
  protected push(chunk: Uint8Array): boolean {
    if (this.#sink !== undefined) return this.#flowing = this.#hand(this.own(chunk, "flow"));
    const rest = this.#deliver(chunk);
    if (rest === undefined) return true;
    this.#chunks.push(this.own(rest, "keep"));
    return this.#flowing = false;
  }

  /** Gives received bytes to the reads that wait, and returns what is left over. */
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

  /** The peer sent FIN: reads give what is left, then `null`. */
  protected pushEnd(): void {
    this.#ended = true;
    this.#settle(({ resolve }) => {
      this.noteEnd();
      resolve(null);
    });
    if (this.#drained) this.#finishFlow();
  }

  /** The socket failed: reads give what is left, then this error. */
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

  /** What the socket failed with, if it did. */
  protected get failure(): unknown {
    return this.#error;
  }

  /** To be called by `destroy`: whoever waits is told, whatever is left is dropped. */
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
