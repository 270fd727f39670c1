import type { Duplex } from "node:stream";
import type { Addr } from "../core/addr.ts";
import { closedError, connError } from "../core/conn_error.ts";
import { PushConn } from "../conn/push_conn.ts";
import { sendsFin } from "../conn/sends_fin.ts";
import { errorOf } from "./error_of.ts";

/** Methods of a `net.Socket` that not every stream has. */
export interface SocketControls {
  resetAndDestroy?(): unknown;
  setNoDelay?(noDelay: boolean): unknown;
  setKeepAlive?(keepAlive: boolean): unknown;
  ref?(): unknown;
  unref?(): unknown;
}

/** The arguments of a {@linkcode StreamConn}. */
export interface StreamConnInit {
  /** The stream, which the connection owns from now on. */
  readonly stream: Duplex;
  /** The socket below the stream, if the stream is not the socket itself. */
  readonly socket?: Duplex & SocketControls;
  readonly localAddr: Addr;
  readonly remoteAddr: Addr;
  /** Returns the error of an end that is not clean. */
  readonly endError?: () => Error | undefined;
  /** Whether writes are copied, because the stream may keep a chunk after its callback. */
  readonly copies: boolean;
}

/** A connection over a Node stream. */
export class StreamConn extends PushConn {
  readonly #stream: Duplex;
  readonly #socket: Duplex & SocketControls;
  readonly #endError: (() => Error | undefined) | undefined;
  readonly #copies: boolean;
  /** The first error of the stream. Not every stream is destroyed at once or keeps its error. */
  #error: Error | undefined;
  /** Fails the pending write or end. */
  #fail: ((error: Error) => void) | undefined;

  constructor({ stream, socket = stream, ...init }: StreamConnInit) {
    super(init.localAddr, init.remoteAddr);
    this.#stream = stream;
    this.#socket = socket;
    this.#endError = init.endError;
    this.#copies = init.copies;
    // Paused until the first read: a listener for "data" alone would set the stream flowing.
    socket.pause();
    stream.on("data", (chunk: Uint8Array) => {
      if (chunk.byteLength > 0 && !this.push(chunk)) socket.pause();
    });
    stream.on("end", () => this.#ended());
    stream.on("error", (error) => this.#failed(error));
    stream.on("close", () => this.#streamClosed());
    if (stream.readableEnded) this.#ended();
    else if (stream.errored) this.#failed(stream.errored);
    else if (stream.destroyed) this.#streamClosed();
    this.setRef(false);
  }

  #ended(): void {
    const error = this.#endError?.();
    if (error === undefined) this.pushEnd();
    else this.pushError(error);
  }

  #failed(thrown: unknown): void {
    const error = errorOf(thrown, "The stream failed", "ECONNABORTED");
    this.#error ??= error;
    this.pushError(codedError("read", error));
    this.#fail?.(codedError("write", error));
  }

  #streamClosed(): void {
    // After an end or an error, reads report that instead.
    if (!this.#stream.readableEnded) {
      this.pushError(connError("ERR_STREAM_PREMATURE_CLOSE", "Cannot read: the stream was closed"));
    }
    this.#fail?.(brokenPipe());
  }

  protected resumeSocket(): void {
    this.#socket.resume();
  }

  protected send(data: Uint8Array): Promise<void> {
    return this.#settle((done) => {
      this.#stream.write(this.#copies ? new Uint8Array(data) : data, (error) => {
        if (error) done(error);
        else this.flush(done);
      });
    });
  }

  /** Calls back once the written data has been sent; `send` completes only then. */
  protected flush(done: (error?: Error | null) => void): void {
    done();
  }

  protected shutdown(): Promise<void> {
    // The stream ends itself if it was made with `allowHalfOpen: false`.
    if (this.#stream.writableFinished) return Promise.resolve();
    return this.#settle((done) => this.#stream.end(done));
  }

  #settle(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(codedError("write", this.#error));
    if (this.#stream.destroyed) return Promise.reject(brokenPipe());
    return new Promise((resolve, reject) => {
      // Not every stream calls back after it is destroyed.
      this.#fail = reject;
      start((error) => {
        this.#fail = undefined;
        if (error) reject(codedError("write", error));
        else resolve();
      });
    });
  }

  protected destroy(reset: boolean): void {
    const writing = this.#fail !== undefined;
    this.#fail?.(closedError("write"));
    this.pushClosed();
    if (reset || writing) this.breakOff(reset);
    else this.finish();
  }

  /** Closes the stream after all writes are complete. */
  protected finish(): void {
    this.#stream.destroy();
  }

  /** Closes the stream at once, by a reset if requested and supported. */
  protected breakOff(reset: boolean): void {
    try {
      if (reset && !sendsFin(this.#socket)) this.#socket.resetAndDestroy?.();
    } catch {
      // Unix and TLS sockets throw, since they cannot be reset.
    }
    this.#stream.destroy();
  }

  protected setRef(ref: boolean): void {
    if (ref) this.#socket.ref?.();
    else this.#socket.unref?.();
  }

  setNoDelay(noDelay = true): void {
    if (!this.isClosed) this.#socket.setNoDelay?.(noDelay);
  }

  setKeepAlive(keepAlive = true): void {
    if (!this.isClosed) this.#socket.setKeepAlive?.(keepAlive);
  }
}

/** Node's codes for a write to a stream whose write side is closed. */
const brokenPipes = new Set<unknown>([
  "EBADF",
  "ECANCELED",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_WRITE_AFTER_END",
]);

/** Ensures that a failed read or write has a code. */
function codedError(call: "read" | "write", thrown: unknown): Error {
  const error = errorOf(thrown, `Cannot ${call}`, "ECONNABORTED");
  const { code } = error as { code?: unknown };
  if (call === "write" && brokenPipes.has(code)) return brokenPipe(error);
  if (typeof code === "string") return error;
  return connError("ECONNABORTED", `Cannot ${call}: ${error.message}`, error);
}

function brokenPipe(cause?: Error): Error {
  return connError("EPIPE", "Cannot write: the stream's write side is closed", cause);
}
