import type { Duplex } from "node:stream";
import type { Addr } from "../core/addr.ts";
import { closedError, connError } from "../core/conn_error.ts";
import { PushConn } from "../core/push_conn.ts";

/** What a `net.Socket` has and not every stream. */
type SocketLike = Duplex & {
  resetAndDestroy?(): unknown;
  setNoDelay?(noDelay: boolean): unknown;
  setKeepAlive?(keepAlive: boolean): unknown;
  ref?(): unknown;
  unref?(): unknown;
};

/** A connection over a Node stream. */
export class StreamConn extends PushConn {
  readonly #stream: SocketLike;
  readonly #copies: boolean;
  /** Fails the write or end under way. */
  #fail: ((error: Error) => void) | undefined;

  /**
   * @param stream The stream, which is the connection's alone from now on.
   * @param localAddr The local end.
   * @param remoteAddr The remote end.
   * @param copies Whether to copy what is written, since the stream may keep it beyond its callback.
   */
  constructor(stream: Duplex, localAddr: Addr, remoteAddr: Addr, copies: boolean) {
    super(localAddr, remoteAddr);
    this.#stream = stream;
    this.#copies = copies;
    // Read by nobody yet: a listener for "data" alone would set the stream flowing.
    stream.pause();
    stream.on("data", (chunk: Uint8Array) => {
      if (chunk.byteLength > 0 && !this.push(chunk)) stream.pause();
    });
    stream.on("end", () => this.ended());
    stream.on("error", (error) => this.#failed(error));
    stream.on("close", () => this.#streamClosed());
    if (stream.readableEnded) this.ended();
    else if (stream.errored) this.#failed(stream.errored);
    else if (stream.destroyed) this.#streamClosed();
    this.setRef(false);
  }

  /** The stream has ended. */
  protected ended(): void {
    this.pushEnd();
  }

  #failed(error: Error): void {
    this.pushError(codedError("read", error));
    this.#fail?.(codedError("write", error));
  }

  #streamClosed(): void {
    // After an end or an error, that is what the reads say.
    if (!this.#stream.readableEnded) {
      this.pushError(connError("ERR_STREAM_PREMATURE_CLOSE", "Cannot read: the stream was closed"));
    }
    this.#fail?.(brokenPipe());
  }

  protected resume(): void {
    this.#stream.resume();
  }

  protected send(data: Uint8Array): Promise<void> {
    return this.#settle((done) => {
      this.#stream.write(this.#copies ? data.slice() : data, done);
    });
  }

  protected shutdown(): Promise<void> {
    return this.#settle((done) => {
      this.#stream.end((error?: Error | null) => done(isFinished(error) ? undefined : error));
    });
  }

  /** Not every stream calls back once it is destroyed. */
  #settle(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      start((error) => {
        this.#fail = undefined;
        if (error) reject(codedError("write", error));
        else resolve();
      });
    });
  }

  protected destroy(reset: boolean): void {
    this.#fail?.(closedError("write"));
    this.pushClosed();
    if (reset && typeof this.#stream.resetAndDestroy === "function") this.#stream.resetAndDestroy();
    else this.#stream.destroy();
  }

  protected setRef(ref: boolean): void {
    if (ref) this.#stream.ref?.();
    else this.#stream.unref?.();
  }

  setNoDelay(noDelay = true): void {
    this.#stream.setNoDelay?.(noDelay);
  }

  setKeepAlive(keepAlive = true): void {
    this.#stream.setKeepAlive?.(keepAlive);
  }
}

function isFinished(error: Error | null | undefined): boolean {
  return (error as { code?: unknown } | null | undefined)?.code === "ERR_STREAM_ALREADY_FINISHED";
}

/** What Node calls a write to a stream whose write side is gone. */
const brokenPipes = new Set<unknown>([
  "ERR_STREAM_ALREADY_FINISHED",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_WRITE_AFTER_END",
]);

/** A failed read or write has a code, whatever the stream failed with. */
function codedError(call: "read" | "write", error: Error): Error {
  const { code } = error as { code?: unknown };
  if (call === "write" && brokenPipes.has(code)) return brokenPipe(error);
  if (typeof code === "string") return error;
  return connError("ECONNABORTED", `Cannot ${call}: ${error.message}`, error);
}

function brokenPipe(cause?: Error): Error {
  return connError("EPIPE", "Cannot write: the stream's write side is closed", cause);
}
