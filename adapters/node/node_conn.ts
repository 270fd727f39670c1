import { Buffer } from "node:buffer";
import { closedError, connError } from "../../src/core/conn_error.ts";
import { systemErrorCode } from "../../src/core/error_reason.ts";
import { PushConn } from "../../src/conn/push_conn.ts";
import { Slab } from "../../src/conn/slab.ts";
import { sendsFin } from "../../src/conn/sends_fin.ts";
import type { WriteStyle } from "../../src/conn/writev.ts";
import { type ConnectRequest, localAddrOf, remoteAddrOf } from "../../src/net/connector.ts";
import type { DialSocket } from "./dial_socket.ts";

/**
 * The read buffer of all sockets that are not busy. Its bytes are used or copied before `onRead`
 * returns, so an idle connection needs no buffer. Twice its size was slower.
 */
export const sharedBuffer: Uint8Array = new Uint8Array(64 * 1024);

const writeStyle: WriteStyle = { supportsWritev: true, coalesceBytes: 66 * 1024 };

/** Allocates without zeroing, a large part of the cost of memory that is overwritten at once. */
function unfilled(bytes: number): Uint8Array {
  // As a plain array, because the `slice` of a `Buffer` does not copy.
  return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
}

/** A connection over a socket of `node:net`, which reads into a buffer and calls `onRead`. */
export class NodeConn extends PushConn {
  readonly #socket: DialSocket;
  readonly #keepAliveMs: number;
  /** Called when the system has accepted the pending write. */
  #sent: ((error?: Error | null) => void) | undefined;
  /** The number of pending `#onSent` calls for writes that the system accepted at once. */
  #sentAtOnce = 0;
  #listening = false;
  /** The memory of a busy socket whose chunks are passed on. */
  #slab: Slab | undefined;
  /** Whether the last read filled its buffer. */
  #filled = false;

  constructor(socket: DialSocket, request: ConnectRequest, keepAliveMs: number) {
    super(localAddrOf(socket, request), remoteAddrOf(request));
    this.#socket = socket;
    this.#keepAliveMs = keepAliveMs;
    socket.unref();
  }

  /** Done on first use, because it costs a tenth of a dial. */
  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#socket.onEnd = () => this.#onEnd();
    this.#socket.on("close", () => this.#onClose());
  }

  onRead(count: number, buffer: Uint8Array): boolean {
    this.#filled = count === buffer.byteLength;
    return this.push(buffer.subarray(0, count));
  }

  /** The buffer for the socket's next read. */
  nextBuffer(): Uint8Array {
    return this.#slab?.buffer() ?? sharedBuffer;
  }

  protected override own(chunk: Uint8Array, use: "flow" | "keep"): Uint8Array {
    return use === "flow" ? this.#takeFlowing(chunk) : chunk.slice();
  }

  #takeFlowing(chunk: Uint8Array): Uint8Array {
    return (this.#slab ??= new Slab(unfilled)).commit(chunk, this.#filled);
  }

  onError(error: Error): void {
    // On Bun a write fails like this after the peer's FIN; all of the peer's data was received.
    if (systemErrorCode(error) === "EPIPE") this.pushEnd();
    else this.pushError(error);
  }

  #onEnd(): void {
    const { writeError } = this.#socket;
    // The system reports a reset only once, and the end afterwards. If the peer had sent FIN before
    // its reset, the code is EPIPE.
    if (writeError === undefined || systemErrorCode(writeError) === "EPIPE") this.pushEnd();
    else this.pushError(writeError);
  }

  #onClose(): void {
    // The socket closed itself after both sides had ended, or after an error already reported.
    if (!this.isClosed) this.pushEnd();
    this.#sent?.(this.#whyBroken());
  }

  protected resumeSocket(): void {
    const socket = this.#socket;
    this.#listen();
    if (!socket.destroyed) socket.resume();
    // The socket reports its error later, and its close possibly never.
    else if (socket.errored) this.pushError(socket.errored);
    else this.#onClose();
  }

  protected send(data: Uint8Array): Promise<void> | undefined {
    const socket = this.#socket;
    const failure = this.failure ?? socket.writeError;
    if (failure !== undefined) return Promise.reject(failure);
    socket.write(data, this.#onSent ??= (error) => this.#written(error));
    return this.#untilSent();
  }

  override get writeStyle(): WriteStyle {
    return writeStyle;
  }

  protected override sendv(pieces: readonly Uint8Array[]): Promise<void> | undefined {
    const socket = this.#socket;
    const failure = this.failure ?? socket.writeError;
    if (failure !== undefined) return Promise.reject(failure);
    const last = pieces.length - 1;
    socket.cork();
    for (let index = 0; index < last; index++) socket.write(pieces[index]!);
    socket.write(pieces[last]!, this.#onSent ??= (error) => this.#written(error));
    socket.uncork();
    return this.#untilSent();
  }

  #untilSent(): Promise<void> | undefined {
    const socket = this.#socket;
    if (socket.writableLength === 0 && socket.writable) {
      // Node tries to write at once and counts only the bytes that the system did not accept.
      this.#sentAtOnce++;
      return undefined;
    }
    this.#listen();
    return new Promise((resolve, reject) => {
      this.#sent = (error) => {
        this.#sent = undefined;
        if (error) reject(error);
        else resolve();
      };
    });
  }

  /** Made by the first write, since most idle connections have written nothing. */
  #onSent: ((error?: Error | null) => void) | undefined;

  #written(error?: Error | null): void {
    if (this.#sentAtOnce > 0) this.#sentAtOnce--;
    // Node 20 reports a write cut off by the socket's failure as done; later versions report it as
    // cancelled.
    else if (error || this.#socket.destroyed) this.#sent?.(this.#whyBroken(error));
    else this.#sent?.();
  }

  /** The error of the socket, rather than that of a call which failed as a consequence. */
  #whyBroken(error?: Error | null): Error {
    const { writeError, errored } = this.#socket;
    const known = writeError ?? errored ?? error;
    if (systemErrorCode(known) !== undefined) return known!;
    return connError("EPIPE", "Cannot write: the connection is closed", known ?? undefined);
  }

  protected shutdown(): Promise<void> {
    const failure = this.failure ?? this.#socket.writeError;
    if (failure !== undefined) return Promise.reject(failure);
    return new Promise((resolve, reject) => {
      this.#socket.end((error?: Error | null) => {
        if (error) reject(this.#whyBroken(error));
        else resolve();
      });
    });
  }

  protected destroy(reset: boolean): void {
    // Node 20 reports a write cut off by `destroy` as done.
    this.#sent?.(closedError("write"));
    // Before the socket is destroyed: Bun ends it within `destroy`, which would look like the
    // peer's end.
    this.pushClosed();
    this.#slab?.release();
    const socket = this.#socket;
    // Node throws for other sockets than TCP; a unix socket has no reset.
    const canReset = this.remoteAddr.transport === "tcp" && !sendsFin(socket);
    if (reset && canReset) socket.resetAndDestroy();
    else socket.destroy();
  }

  protected setRef(ref: boolean): void {
    if (ref) this.#socket.ref();
    else this.#socket.unref();
  }

  setNoDelay(noDelay = true): void {
    this.#socket.setNoDelay(noDelay);
  }

  setKeepAlive(keepAlive = true): void {
    this.#socket.setKeepAlive(keepAlive, this.#keepAliveMs);
  }
}
