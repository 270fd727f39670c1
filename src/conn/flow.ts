import type { Conn } from "../core/conn.ts";
import { Slab } from "./slab.ts";

/** A sink for the bytes that a connection receives. */
export interface ChunkSink {
  /**
   * Receives a chunk and owns it: no other code writes to it.
   *
   * @returns Whether more may follow at once; otherwise the flow pauses until `resume`.
   */
  chunk(chunk: Uint8Array): boolean;
  /** The peer sent FIN: no more chunks follow. */
  end(): void;
  /** Receiving failed: no more chunks follow. Also called when this side closes the connection. */
  failed(error: unknown): void;
}

/** The flow of bytes from a connection to a sink. */
export interface ChunkFlow {
  /** Starts the flow: to be called once to begin, and again after the sink paused it. */
  resume(): void;
  /**
   * Ends the flow: to be called when the connection was closed, because a paused flow does not
   * notice.
   */
  stop(): void;
}

/** A connection of this package that pushes received bytes without a read for each chunk. */
interface FlowingConn {
  pipeTo(sink: ChunkSink): ChunkFlow | undefined;
}

/**
 * Passes all received bytes to a sink, instead of `read`. The sink owns the memory of each chunk.
 * Cheaper than reading where the connection can push; an idle connection holds next to no memory.
 *
 * @param conn Any connection; it must have no other reader afterwards.
 * @param sink The receiver of the chunks.
 * @returns The flow, paused.
 */
export function flowChunks(conn: Conn, sink: ChunkSink): ChunkFlow {
  return pushedFlow(conn, sink) ?? new PullFlow(conn, sink);
}

/** The flow of a connection that can push; `undefined` for one that has to be read. */
export function pushedFlow(conn: Conn, sink: ChunkSink): ChunkFlow | undefined {
  const { pipeTo } = conn as Partial<FlowingConn>;
  return typeof pipeTo === "function" ? pipeTo.call(conn, sink) : undefined;
}

/** The buffer of an idle connection: small, because a node has many idle connections. */
const idleBytes = 256;
/** Idle buffers are parts of blocks, because a separate allocation costs more than its content. */
const blockBytes = 16 * 1024;
const idleBuffers: Uint8Array[] = [];

function takeIdleBuffer(): Uint8Array {
  if (idleBuffers.length === 0) {
    const block = new Uint8Array(blockBytes);
    for (let start = 0; start < blockBytes; start += idleBytes) {
      idleBuffers.push(block.subarray(start, start + idleBytes));
    }
  }
  return idleBuffers.pop()!;
}

/**
 * The buffer for reads of more than an idle buffer, on connections not busy enough for a slab. It
 * is used for one read, then reused by the next connection. A new buffer for each message of some
 * length would be garbage.
 */
const activeBytes = 64 * 1024;
const activeBuffers: Uint8Array[] = [];
const mostActiveBuffers = 8;

/** Reads chunk after chunk. */
class PullFlow implements ChunkFlow {
  readonly #conn: Conn;
  readonly #sink: ChunkSink;
  #slab: Slab | undefined;
  /** Whether the last read filled its buffer, so that more bytes are probably available. */
  #filled = false;
  /** Whether it is reading, or has ended. */
  #reading = false;
  #stopped = false;

  constructor(conn: Conn, sink: ChunkSink) {
    this.#conn = conn;
    this.#sink = sink;
  }

  resume(): void {
    if (!this.#reading && !this.#stopped) this.#run();
  }

  stop(): void {
    this.#stopped = true;
    this.#slab?.release();
  }

  async #run(): Promise<void> {
    this.#reading = true;
    try {
      for (;;) {
        const buffer = this.#nextBuffer();
        const count = await this.#conn.read(buffer);
        if (this.#stopped) return giveBack(buffer);
        if (count === null) {
          giveBack(buffer);
          break;
        }
        if (!this.#hand(buffer, count)) return void (this.#reading = false);
      }
    } catch (error) {
      // The buffer is not reused: a failed read may still write to it.
      this.#slab?.release();
      return this.#sink.failed(error);
    }
    this.#slab?.release();
    this.#sink.end();
  }

  /** Separate from `#run`, whose frame would keep the chunk and its slab alive while it waits. */
  #hand(buffer: Uint8Array, count: number): boolean {
    this.#filled = count === buffer.byteLength;
    const chunk = this.#take(buffer, count);
    giveBack(buffer);
    return this.#sink.chunk(chunk);
  }

  #nextBuffer(): Uint8Array {
    if (!this.#filled) return takeIdleBuffer();
    return this.#slab?.buffer() ?? activeBuffers.pop() ?? new Uint8Array(activeBytes);
  }

  #take(buffer: Uint8Array, count: number): Uint8Array {
    const read = buffer.subarray(0, count);
    if (this.#slab === undefined && count <= idleBytes) return read.slice();
    return (this.#slab ??= new Slab(zeroed)).commit(read, this.#filled);
  }
}

/** Keeps a buffer for the next read of any connection, unless it is part of a slab. */
function giveBack(buffer: Uint8Array): void {
  if (buffer.byteLength === idleBytes && buffer.buffer.byteLength === blockBytes) {
    idleBuffers.push(buffer);
  } else if (buffer.buffer.byteLength === activeBytes && activeBuffers.length < mostActiveBuffers) {
    activeBuffers.push(buffer);
  }
}

function zeroed(bytes: number): Uint8Array {
  return new Uint8Array(bytes);
}
