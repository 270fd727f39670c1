import type { Addr } from "./addr.ts";
import type { DialReport } from "./dial_report.ts";

/**
 * An established stream connection, shaped like `Deno.Conn` so that whatever takes a Deno connection
 * takes this one, with the meanings of Go's `net.Conn`.
 *
 * A failed read or write rejects with an `Error` that has a Node-spelled `code` (`ECONNRESET`, `EPIPE` …).
 * What the peer sent before the connection broke is read first, also after a write has failed. What is pending at
 * {@linkcode Conn.close} rejects with the code `ERR_CONN_CLOSED`, and so does what is called afterwards. Both disposers
 * call `close()`. An idle connection does not keep the process alive; a pending read or write does, unless
 * {@linkcode Conn.unref} was called.
 */
export interface Conn extends AsyncDisposable, Disposable {
  /** The local end, as it was when the connection was made. */
  readonly localAddr: Addr;
  /** The remote end: the connected IP address (zone kept) or path; behind a proxy, the target as it was asked for. */
  readonly remoteAddr: Addr;
  /** What the bytes pass on their way: empty when direct, else the proxies in order. */
  readonly hops: readonly Addr[];
  /** How this connection came about: the tree of lookups and attempts with their times. */
  readonly report: DialReport;
  /**
   * Resolves once the connection is over, and never rejects: when it was closed or reset here, when a read or write failed because
   * it broke, or when both directions have ended. Made on first use. That the peer of an idle connection has gone is not
   * noticed before somebody reads.
   */
  readonly closed: Promise<void>;
  /**
   * Reads up to `buffer.byteLength` bytes. Concurrent reads queue and are served in order.
   *
   * @returns The number of bytes read, `null` at the end of the stream; never 0 for a non-empty buffer.
   * @throws {TypeError} If `buffer` is no `Uint8Array`, or was detached or shrunk to nothing meanwhile. The next read has what
   * came, except for a detached buffer with Deno's own sockets, which write to its memory all the same: that is lost.
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /**
   * Writes all of `data`. Resolves when all of it was accepted by the system, after which `data` may be reused and
   * a `close()` loses nothing of it. Concurrent writes are sent whole and in order, never interleaved.
   *
   * @returns `data.byteLength`.
   * @throws {TypeError} If `data` is no `Uint8Array`.
   */
  write(data: Uint8Array): Promise<number>;
  /** Sends FIN after what was written; the read side stays open. Later writes reject with `EPIPE`. */
  closeWrite(): Promise<void>;
  /** Closes both directions. Idempotent, never throws. */
  close(): void;
  /** Closes at once and tells the peer so with RST where the runtime can; else closes. Idempotent, never throws. */
  reset(): void;
  /**
   * The incoming bytes as a stream, made on first use. Its end does not close the connection; cancelling it ends the
   * reading (later reads give `null`) and leaves the write side open.
   */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /**
   * The outgoing bytes as a stream, made on first use. Closing it is `closeWrite()`, aborting it is `reset()`, also while a
   * write waits for the peer.
   */
  readonly writable: WritableStream<Uint8Array>;
  /** Turns Nagle's algorithm off (`true`, which is also what a new connection has) or on. */
  setNoDelay(noDelay?: boolean): void;
  /** Turns TCP keep-alive on (which is also what a new connection has), with the dialer's idle time, or off. */
  setKeepAlive(keepAlive?: boolean): void;
  /** Undoes {@linkcode Conn.unref}. */
  ref(): void;
  /**
   * Lets the process exit even while a read or write is pending. Neither Node nor `Deno.connect` can let go of a write that
   * waits for the peer: it keeps the process all the same.
   */
  unref(): void;
}
