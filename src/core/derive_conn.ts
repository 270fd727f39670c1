import type { Addr } from "./addr.ts";
import type { Conn } from "./conn.ts";
import { readableOf, writableOf } from "./conn_streams.ts";
import type { DialReport } from "./dial_report.ts";
import { readOwned } from "./read_owned.ts";
import { isUint8Array } from "./uint8_array.ts";

/** What a derived connection says differently. */
export interface ConnChanges {
  /** The remote end, such as the target behind a proxy. */
  remoteAddr?: Addr;
  /** What the bytes pass on their way. */
  hops?: readonly Addr[];
  /** How the connection came about; put together when somebody reads it. */
  report?: () => DialReport;
  /** Bytes that were read already and belong to whoever reads next. */
  unread?: Uint8Array;
}

/**
 * Makes a connection that is `conn` in all but what `changes` says. Works over anybody's `Conn`.
 *
 * @param conn The connection to stand in for; nobody else may read from it afterwards.
 * @param changes What the new connection says differently.
 * @returns The derived connection; closing it closes `conn`.
 */
export function deriveConn(conn: Conn, changes: ConnChanges): Conn {
  return new DerivedConn(conn, changes);
}

class DerivedConn implements Conn {
  readonly #conn: Conn;
  readonly remoteAddr: Addr;
  readonly hops: readonly Addr[];
  #report: (() => DialReport) | DialReport | undefined;
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
    if (typeof this.#report === "function") this.#report = this.#report();
    return this.#report ?? this.#conn.report;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#readEnded && !this.#closed) return Promise.resolve(null);
    // What is no buffer is refused there.
    if (
      this.#unread === undefined || this.#closed || !isUint8Array(buffer) || buffer.byteLength === 0
    ) {
      return this.#conn.read(buffer);
    }
    const count = Math.min(buffer.byteLength, this.#unread.byteLength);
    buffer.set(this.#unread.subarray(0, count));
    this.#unread = count < this.#unread.byteLength ? this.#unread.subarray(count) : undefined;
    return Promise.resolve(count);
  }

  /** As {@linkcode readOwned} has it. */
  readOwned(): Promise<Uint8Array | null> | undefined {
    const unread = this.#unread;
    if (unread === undefined || this.#readEnded || this.#closed) return readOwned(this.#conn);
    this.#unread = undefined;
    return Promise.resolve(unread);
  }

  write(data: Uint8Array): Promise<number> {
    return this.#conn.write(data);
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
