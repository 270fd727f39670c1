import type { Conn } from "../core/conn.ts";
import { Slab } from "./slab.ts";

/** Takes what a connection receives. */
export interface ChunkSink {
  /**
   * Takes a chunk, for good: nobody else writes to it.
   *
   * @returns Whether more may come at once; else the flow stops until `resume`.
   */
  chunk(chunk: Uint8Array): boolean;
  /** The peer ended its side: nothing more comes. */
  end(): void;
  /** Receiving failed: nothing more comes. Also where this side has closed the connection. */
  failed(error: unknown): void;
}

/** What a connection receives, on its way to a sink. */
export interface ChunkFlow {
  /** Lets it flow: to be called once to begin, and again after the sink wanted no more. */
  resume(): void;
  /**
   * Ends it: to be called when the connection was closed, since one that does not flow would not
   * find out.
   */
  stop(): void;
}

/** A connection of this package that hands on what it receives without a read for each chunk. */
interface FlowingConn {
  pipeTo(sink: ChunkSink): ChunkFlow | undefined;
}

/**
 * Hands all that a connection receives to a sink, instead of `read`, in memory that is the sink's
 * from then on. Costs less than reading where the connection can push, and while nothing comes it
 * holds next to no memory.
 *
 * @param conn Any connection; nobody else may read from it afterwards.
 * @param sink Who takes the chunks.
 * @returns The flow, which does not flow yet.
 */
export function flowChunks(conn: Conn, sink: ChunkSink): ChunkFlow {
  return pushedFlow(conn, sink) ?? new PullFlow(conn, sink);
}

/** The flow of a connection that can push; `undefined` of one that has to be read. */
export function pushedFlow(conn: Conn, sink: ChunkSink): ChunkFlow | undefined {
  const { pipeTo } = conn as Partial<FlowingConn>;
  return typeof pipeTo === "function" ? pipeTo.call(conn, sink) : undefined;
}

/** What an idle connection waits with: little, since a node has many of them. */
const idleBytes = 256;
/** Idle buffers come in blocks, since a piece of memory of its own costs more than it holds. */
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
 * What a connection reads into where more is there than an idle buffer takes, unless it is busy
 * enough for a slab. Used for the length of a read, and again by whoever is next: a buffer of its
 * own for each message of some length would be garbage.
 */
const activeBytes = 64 * 1024;
const activeBuffers: Uint8Array[] = [];
const mostActiveBuffers = 8;

/** Reads chunk after chunk. */
class PullFlow implements ChunkFlow {
  readonly #conn: Conn;
  readonly #sink: ChunkSink;
  #slab: Slab | undefined;
  /** Whether the last read filled its buffer, so that more is probably there. */
  #filled = false;
  /** Whether it flows, or has ended. */
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
      // The buffer is not used again: a failed read may still write to it.
      this.#slab?.release();
      return this.#sink.failed(error);
    }
    this.#slab?.release();
    this.#sink.end();
  }

  /** Apart from `#run`, which would keep the chunk alive with all its slab while it waits. */
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
