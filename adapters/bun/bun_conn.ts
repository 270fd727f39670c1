import { closedError, connError } from "../../src/core/conn_error.ts";
import { systemErrorCode } from "../../src/core/error_reason.ts";
import { PushConn } from "../../src/conn/push_conn.ts";
import { bytesAfter } from "../../src/conn/uint8_array.ts";
import { type ConnectRequest, localAddrOf, remoteAddrOf } from "../../src/net/connector.ts";

/**
 * A connection over a socket of Bun's own. Data flows from the start and is paused at the first
 * chunk that no read waits for: pausing at once would cost system calls.
 */
export class BunConn extends PushConn {
  readonly #socket: BunSocket;
  readonly #keepAliveMs: number;
  #ended = false;
  /** The error of a failed write. */
  #broken: unknown;
  /** The pending write: its remaining bytes and its promise. */
  #sending: { rest: Uint8Array; resolve: () => void; reject: (error: unknown) => void } | undefined;

  constructor(socket: BunSocket, request: ConnectRequest, keepAliveMs: number) {
    // The addresses are undefined once the socket is closed.
    super(localAddrOf(socket, request), remoteAddrOf(request), true);
    this.#socket = socket;
    this.#keepAliveMs = keepAliveMs;
    // A paused socket would keep the process alive.
    socket.unref();
  }

  onData(chunk: Uint8Array): void {
    if (!this.push(chunk)) this.#socket.pause();
  }

  onEnd(): void {
    this.#ended = true;
    // The system reports a reset only once, here to a write, and the end afterwards. If the peer
    // had sent FIN before its reset, the code is EPIPE, and all of its data was received.
    if (this.#broken === undefined || systemErrorCode(this.#broken) === "EPIPE") this.pushEnd();
    else this.pushError(this.#broken);
  }

  onError(error: unknown): void {
    this.#broken ??= error;
    this.onEnd();
    this.#failSending(error);
  }

  /** Also called when the peer's FIN follows the local one. */
  onClose(error: unknown): void {
    if (error !== undefined && error !== null) return this.onError(error);
    this.onEnd();
    if (this.#sending !== undefined) this.#failSending(this.#whyBroken());
  }

  /** Bun does not say why a write failed. */
  #whyBroken(): unknown {
    return this.#broken ??= this.#ended
      ? connError("EPIPE", "Cannot write: the connection is closed")
      : connError("ECONNRESET", "Cannot write: the connection was reset");
  }

  onDrain(): void {
    const sending = this.#sending;
    // Bun may call this with no pending write.
    if (sending === undefined) return;
    const count = this.#socket.write(sending.rest);
    if (count < 0) return this.#failSending(this.#whyBroken());
    if (count < sending.rest.byteLength) {
      sending.rest = sending.rest.subarray(count);
      return;
    }
    this.#sending = undefined;
    sending.resolve();
  }

  #failSending(error: unknown): void {
    const sending = this.#sending;
    this.#sending = undefined;
    sending?.reject(error);
  }

  protected resumeSocket(): void {
    this.#socket.resume();
  }

  protected send(data: Uint8Array): Promise<void> | undefined {
    const count = this.#socket.write(data);
    if (count === data.byteLength) return undefined;
    if (count < 0) return Promise.reject(this.#whyBroken());
    return new Promise((resolve, reject) => {
      this.#sending = { rest: bytesAfter(data, count), resolve, reject };
    });
  }

  protected shutdown(): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    this.#socket.shutdown();
    return Promise.resolve();
  }

  protected destroy(reset: boolean): void {
    // Set first, because Bun calls `close` synchronously, which would look like the peer's end.
    if (this.#sending !== undefined) this.#failSending(closedError("write"));
    this.pushClosed();
    if (reset) this.#socket.terminate();
    else this.#socket.close();
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

/** The used part of a Bun socket. */
export interface BunSocket {
  readonly localAddress?: string;
  readonly localPort?: number;
  write(data: Uint8Array): number;
  shutdown(): void;
  close(): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  ref(): void;
  unref(): void;
  setNoDelay(noDelay: boolean): void;
  setKeepAlive(keepAlive: boolean, initialDelayMs?: number): void;
}
