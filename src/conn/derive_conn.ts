import type { Addr } from "../core/addr.ts";
import { type ChunkFlow, type ChunkSink, pushedFlow } from "./flow.ts";
import type { Conn } from "../core/conn.ts";
import { readableOf, writableOf } from "./conn_streams.ts";
import { type DialReport, readReport, type ReportSource } from "../core/dial_report.ts";
import type { OwnConn } from "./own_conn.ts";
import { byteLengthOf, copyInto, isUint8Array } from "./uint8_array.ts";
import { type WriteStyle, writeStyleOf, writev } from "./writev.ts";

/** The properties that differ in a derived connection. */
export interface ConnChanges {
  /** The remote end, such as the target behind a proxy. */
  remoteAddr?: Addr;
  /** The proxies between the two ends, in order. */
  hops?: readonly Addr[];
  /** How the connection was made. */
  report?: DialReport | ReportSource;
  /** Bytes already read, to be returned by the first read. */
  unread?: Uint8Array;
}

/**
 * Makes a connection that equals `conn` except for `changes`. Accepts any `Conn`.
 *
 * @param conn The underlying connection; it must have no other reader afterwards.
 * @param changes The properties that differ.
 * @returns The derived connection; closing it closes `conn`.
 */
export function deriveConn(conn: Conn, changes: ConnChanges): OwnConn {
  return new DerivedConn(conn, changes);
}

/** Whether {@linkcode deriveConn} made a connection. */
export function isDerivedConn(conn: object): conn is OwnConn {
  return DerivedConn.isDerivedConn(conn);
}

class DerivedConn implements OwnConn {
  readonly #conn: Conn;
  readonly remoteAddr: Addr;
  readonly hops: readonly Addr[];
  #report: DialReport | ReportSource | undefined;
  #unread: Uint8Array | undefined;
  #closed = false;
  #readEnded = false;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  constructor(conn: Conn, changes: ConnChanges) {
    const { unread } = changes;
    this.#conn = conn;
    this.remoteAddr = changes.remoteAddr ?? conn.remoteAddr;
    this.hops = changes.hops ?? conn.hops;
    this.#report = changes.report;
    this.#unread = unread !== undefined && unread.byteLength > 0 ? unread : undefined;
  }

  get localAddr(): Addr {
    return this.#conn.localAddr;
  }

  get report(): DialReport {
    if (this.#report === undefined) return this.#conn.report;
    return this.#report = readReport(this.#report);
  }

  static isDerivedConn(conn: object): conn is DerivedConn {
    return #report in conn;
  }

  get reportSource(): ReportSource | undefined {
    const report = this.#report;
    return report === undefined
      ? { report: () => this.#conn.report }
      : { report: () => readReport(report) };
  }

  setReport(report: DialReport | ReportSource): void {
    this.#report = report;
  }

  get closed(): Promise<void> {
    return this.#conn.closed;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#readEnded && !this.#closed) return Promise.resolve(null);
    // The underlying connection rejects what is no buffer.
    if (
      this.#unread === undefined || this.#closed || !isUint8Array(buffer) ||
      byteLengthOf(buffer) === 0
    ) {
      return this.#conn.read(buffer);
    }
    const count = copyInto(buffer, this.#unread);
    this.#unread = count < this.#unread.byteLength ? this.#unread.subarray(count) : undefined;
    return Promise.resolve(count);
  }

  /** As `flowChunks`. */
  pipeTo(sink: ChunkSink): ChunkFlow | undefined {
    const flow = pushedFlow(this.#conn, sink);
    const unread = this.#unread;
    if (flow === undefined || unread === undefined) return flow;
    this.#unread = undefined;
    let first: Uint8Array | undefined = unread;
    let handing = false;
    return {
      resume: () => {
        // The sink's return value for the chunk in progress decides whether it wants more.
        if (handing) return;
        if (first !== undefined) {
          const chunk = first;
          first = undefined;
          handing = true;
          const goesOn = this.#closed || sink.chunk(chunk);
          handing = false;
          if (!goesOn) return;
        }
        flow.resume();
      },
      stop: () => flow.stop(),
    };
  }

  write(data: Uint8Array): Promise<number> {
    return this.#conn.write(data);
  }

  /** As {@linkcode writeStyleOf}. */
  get writeStyle(): WriteStyle {
    return writeStyleOf(this.#conn);
  }

  /** As the function `writev`. */
  writev(pieces: readonly Uint8Array[]): Promise<number> {
    return writev(this.#conn, pieces);
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    this.#closed = true;
    this.#conn.close();
  }

  reset(): void {
    this.#closed = true;
    this.#conn.reset();
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableOf(this, () => this.#readEnded = true);
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableOf(this);
  }

  setNoDelay(noDelay?: boolean): void {
    this.#conn.setNoDelay(noDelay);
  }

  setKeepAlive(keepAlive?: boolean): void {
    this.#conn.setKeepAlive(keepAlive);
  }

  ref(): void {
    this.#conn.ref();
  }

  unref(): void {
    this.#conn.unref();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}
