import type { Addr } from "./addr.ts";
import type { DialReport } from "./dial_report.ts";

/**
 * An established stream connection with the shape of `Deno.Conn` and the meanings of Go's
 * `net.Conn`. Code that accepts a Deno connection accepts this one.
 *
 * A failed read or write rejects with an `Error` that has a Node-spelled `code` (`ECONNRESET`,
 * `EPIPE` …). Bytes that the peer sent before the connection broke are read first, also after a
 * failed write. {@linkcode Conn.close} rejects pending operations with the code `ERR_CONN_CLOSED`;
 * later calls reject with the same code. Both disposers call `close()`. An idle connection does not
 * keep the process alive. A pending read or write does, unless {@linkcode Conn.unref} was called.
 */
export interface Conn extends AsyncDisposable, Disposable {
  /** The local end, as it was when the connection was made. */
  readonly localAddr: Addr;
  /**
   * The remote end: the connected IP address (zone included) or path; behind a proxy, the requested
   * target.
   */
  readonly remoteAddr: Addr;
  /** The proxies between the two ends, in order; empty for a direct connection. */
  readonly hops: readonly Addr[];
  /** How this connection was made: the tree of lookups and attempts with their times. */
  readonly report: DialReport;
  /**
   * Resolves when the connection ends; never rejects. A connection ends by a local close or reset,
   * by a read or write that fails because it broke, or when both directions have ended. The promise
   * is made on first use. The end of an idle peer is noticed by the next read only.
   */
  readonly closed: Promise<void>;
  /**
   * Reads up to `buffer.byteLength` bytes. Concurrent reads queue and are served in order.
   *
   * @returns The number of bytes read, `null` at the end of the stream; never 0 for a non-empty
   * buffer.
   * @throws {TypeError} If `buffer` is no `Uint8Array`, or was detached or shrunk to nothing while
   * the read was pending. The received bytes go to the next read. Exception: Deno's own sockets
   * write to the memory of a detached buffer, and those bytes are lost.
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /**
   * Writes all of `data`. Resolves when the system has accepted all of it. After that, `data` may
   * be reused, and `close()` loses none of it. Concurrent writes are sent whole and in order, never
   * interleaved.
   *
   * @returns `data.byteLength`.
   * @throws {TypeError} If `data` is no `Uint8Array`.
   */
  write(data: Uint8Array): Promise<number>;
  /**
   * Sends FIN after all pending writes; the read side stays open. Later writes reject with `EPIPE`.
   */
  closeWrite(): Promise<void>;
  /** Closes both directions. Idempotent, never throws. */
  close(): void;
  /** Closes at once, with RST where the runtime supports it. Idempotent, never throws. */
  reset(): void;
  /**
   * The incoming bytes as a stream, made on first use. Its end does not close the connection.
   * Cancelling it ends the read side (later reads return `null`) and leaves the write side open.
   */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /**
   * The outgoing bytes as a stream, made on first use. Closing it is `closeWrite()`. Aborting it is
   * `reset()`, also while a write waits for the peer.
   */
  readonly writable: WritableStream<Uint8Array>;
  /** Disables Nagle's algorithm (`true`, the state of a new connection) or enables it. */
  setNoDelay(noDelay?: boolean): void;
  /**
   * Enables TCP keep-alive (the state of a new connection) with the dialer's idle time, or disables
   * it.
   */
  setKeepAlive(keepAlive?: boolean): void;
  /** Undoes {@linkcode Conn.unref}. */
  ref(): void;
  /**
   * Lets the process exit while a read or write is pending. Exception: on Node and with
   * `Deno.connect`, a write that waits for the peer still keeps the process alive.
   */
  unref(): void;
}
