import type { Addr } from "../core/addr.ts";
import { closedError, connError } from "../core/conn_error.ts";
import { readableOf, writableOf } from "./conn_streams.ts";
import { type DialReport, readReport, type ReportSource } from "../core/dial_report.ts";
import type { OwnConn } from "./own_conn.ts";
import { byteLengthOf, isUint8Array, notBytesError, plainBytes } from "./uint8_array.ts";
import type { WriteStyle } from "./writev.ts";

/**
 * How long a closed connection waits for the peer's FIN before it destroys the socket; as in Go's
 * HTTP server.
 */
const lingerMs = 500;

/**
 * The common part of all connections: closing, the order of writes, the streams, and references
 * that keep the process alive. An adapter implements receiving, sending, shutdown and closing for
 * its runtime's socket.
 */
export abstract class BaseConn implements OwnConn {
  readonly localAddr: Addr;
  readonly remoteAddr: Addr;
  readonly hops: readonly Addr[] = noHops;
  #report: DialReport | ReportSource | undefined;
  #closed = false;
  /** Whether the receive side, or the send side, has ended. */
  #received = false;
  #sent = false;
  #over: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  /** The last pending write, if there is one. */
  #lastWrite: Promise<unknown> | undefined;
  #writeEnd: Promise<void> | undefined;
  /** The FIN, once requested. */
  #fin: Promise<void> | undefined;
  #wrote = false;
  #readEnded = false;
  #pending = 0;
  #keepsAlive = true;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  constructor(localAddr: Addr, remoteAddr: Addr) {
    this.localAddr = localAddr;
    this.remoteAddr = remoteAddr;
  }

  /** Reads into a non-empty buffer. Calls are queued in order. It must settle after `destroy`. */
  protected abstract receive(buffer: Uint8Array): Promise<number | null>;
  /**
   * Sends all of `data`; never called while another call is pending. Returns `undefined` when the
   * system accepted everything at once. It must settle after `destroy`.
   */
  protected abstract send(data: Uint8Array): Promise<void> | undefined;
  /** The best way to write many pieces to the socket, where it is known. */
  get writeStyle(): WriteStyle | undefined {
    return undefined;
  }
  /**
   * As `send`, several pieces by one system call; only where the runtime does this without copying.
   */
  protected sendv?(pieces: readonly Uint8Array[]): Promise<void> | undefined;
  /** Sends FIN. Called once, and never while a `send` is pending. */
  protected abstract shutdown(): Promise<void>;
  /** Closes the socket, with RST if `reset` and the runtime can. Called once. */
  protected abstract destroy(reset: boolean): void;
  /** Whether the end or a failure was received, or a pending `receive` blocks every other one. */
  protected abstract get receivedAll(): boolean;
  /** Rejects each pending `receive`, so that later bytes can be discarded. */
  protected rejectReads(): void {}
  /** Sets whether the socket keeps the process alive. */
  protected abstract setRef(ref: boolean): void;
  abstract setNoDelay(noDelay?: boolean): void;
  abstract setKeepAlive(keepAlive?: boolean): void;

  get report(): DialReport {
    if (this.#report === undefined) throw new Error("this connection was not dialed");
    return this.#report = readReport(this.#report);
  }

  /** Whether a connection is an instance of this class, and no wrapper such as a `Proxy`. */
  static isBaseConn(conn: object): conn is BaseConn {
    return #report in conn;
  }

  get reportSource(): ReportSource | undefined {
    const report = this.#report;
    return report && { report: () => readReport(report) };
  }

  setReport(report: DialReport | ReportSource): void {
    this.#report = report;
  }

  get closed(): Promise<void> {
    if (this.#over === undefined) {
      let resolve = () => {};
      const promise = new Promise<void>((settle) => resolve = settle);
      this.#over = { promise, resolve };
      this.#settleClosed();
    }
    return this.#over.promise;
  }

  /** Whether it was closed or reset on this side. */
  protected get isClosed(): boolean {
    return this.#closed;
  }

  /** To be called when a read returned the end. */
  protected noteEnd(): void {
    this.#received = true;
    this.#settleClosed();
  }

  /** To be called when a read or a write failed because the connection broke. */
  protected noteBroken(): void {
    this.#received = this.#sent = true;
    this.#settleClosed();
  }

  #settleClosed(): void {
    if (this.#closed || this.#received && this.#sent) this.#over?.resolve();
  }

  read(buffer: Uint8Array): Promise<number | null> {
    if (!isUint8Array(buffer)) return Promise.reject(notBytesError("read into", buffer));
    if (this.#closed) return Promise.reject(closedError("read"));
    if (this.#readEnded) return Promise.resolve(null);
    if (byteLengthOf(buffer) === 0) return Promise.resolve(0);
    return this.receive(buffer);
  }

  write(data: Uint8Array): Promise<number> {
    if (!isUint8Array(data)) return Promise.reject(notBytesError("write", data));
    return this.#write(plainBytes(data), byteLengthOf(data));
  }

  /** As the function `writev`; only where `writeStyle.supportsWritev` is true. */
  writev(pieces: readonly Uint8Array[]): Promise<number> {
    return this.#write(pieces, pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  }

  #write(data: Uint8Array | readonly Uint8Array[], byteLength: number): Promise<number> {
    if (this.#closed) return Promise.reject(closedError("write"));
    if (this.#writeEnd !== undefined) return Promise.reject(writeEndedError());
    if (this.#lastWrite !== undefined) return this.#enqueue(data, byteLength);
    if (byteLength === 0) return Promise.resolve(0);
    this.#wrote = true;
    let sending: Promise<void> | undefined;
    try {
      sending = this.#send(data);
    } catch (error) {
      // The runtime may call getters of the caller's bytes, which may throw.
      return Promise.reject(error);
    }
    if (sending === undefined) return Promise.resolve(byteLength);
    return this.#track(sending, byteLength);
  }

  #enqueue(data: Uint8Array | readonly Uint8Array[], byteLength: number): Promise<number> {
    const sending = this.#lastWrite!.catch(() => {}).then(() => {
      if (this.#closed) throw closedError("write");
      return byteLength === 0 ? undefined : this.#send(data);
    });
    return this.#track(sending, byteLength);
  }

  #send(data: Uint8Array | readonly Uint8Array[]): Promise<void> | undefined {
    return Array.isArray(data) ? this.sendv!(data) : this.send(data as Uint8Array);
  }

  #track(sending: Promise<void>, byteLength: number): Promise<number> {
    this.hold();
    const write = sending.then(() => byteLength, (error) => {
      if (this.#closed) throw closedError("write");
      this.noteBroken();
      throw error;
    }).finally(() => {
      this.release();
      if (this.#lastWrite === write) this.#lastWrite = undefined;
    });
    this.#lastWrite = write;
    return write;
  }

  closeWrite(): Promise<void> {
    if (this.#closed) return Promise.reject(closedError("close the write side"));
    return this.#writeEnd ??= this.#endWrite();
  }

  async #endWrite(): Promise<void> {
    this.hold();
    try {
      await this.#lastWrite?.catch(() => {});
      if (this.#closed) throw closedError("close the write side");
      await (this.#fin = this.shutdown());
      this.#sent = true;
      this.#settleClosed();
    } catch (error) {
      if (this.#closed) throw closedError("close the write side");
      this.noteBroken();
      throw error;
    } finally {
      this.release();
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#settleClosed();
    if (this.#wrote && this.#lastWrite === undefined) {
      this.rejectReads();
      if (!this.receivedAll) return void this.#linger();
    }
    this.destroy(false);
  }

  reset(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#settleClosed();
    this.destroy(true);
  }

  /**
   * The system answers a close with unread data by RST, which may discard written bytes that are
   * still in transit. So FIN is sent first. Incoming bytes are then read and dropped until the
   * peer's FIN or the time limit.
   */
  async #linger(): Promise<void> {
    let over = false;
    const end = () => {
      if (!over) this.destroy(false);
      over = true;
    };
    this.setRef(false);
    // Not `AbortSignal.timeout`, which keeps a Deno process alive while it has a listener.
    const limit: { unref?(): unknown } | number = setTimeout(end, lingerMs);
    if (typeof limit === "object") limit.unref?.();
    try {
      // A `closeWrite` that is still pending has been rejected, because the connection is closed.
      await (this.#fin ?? this.shutdown());
      const scratch = new Uint8Array(16 * 1024);
      while (!over && await this.receive(scratch) !== null);
    } catch {
      // It ended with an error.
    }
    clearTimeout(limit as Parameters<typeof clearTimeout>[0]);
    end();
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableOf(this, () => this.#readEnded = true);
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableOf(this);
  }

  ref(): void {
    this.#keepsAlive = true;
    if (this.#pending > 0) this.setRef(true);
  }

  unref(): void {
    this.#keepsAlive = false;
    this.setRef(false);
  }

  /** Counts one more pending operation, which keeps the process alive. */
  protected hold(): void {
    if (this.#pending++ === 0 && this.#keepsAlive && !this.#closed) this.setRef(true);
  }

  /** Counts one pending operation less. */
  protected release(): void {
    if (--this.#pending === 0 && this.#keepsAlive && !this.#closed) this.setRef(false);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}

/** One list for all direct connections. */
const noHops: readonly Addr[] = Object.freeze([]);

function writeEndedError(): Error {
  return connError("EPIPE", "Cannot write: the write side is closed");
}
