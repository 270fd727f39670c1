import type { Addr } from "../../src/core/addr.ts";
import { BaseConn } from "../../src/conn/base_conn.ts";
import { BufferGuard } from "../../src/conn/buffer_guard.ts";
import { closedError, connError } from "../../src/core/conn_error.ts";
import type { SystemErrorCode } from "../../src/core/dial_error_code.ts";
import { systemErrorCode } from "../../src/core/error_reason.ts";
import {
  byteLengthOf,
  bytesAfter,
  isResizable,
  lostBufferError,
  plainBytes,
} from "../../src/conn/uint8_array.ts";
import type { WriteStyle } from "../../src/conn/writev.ts";

/** The codes of Deno's error classes that have no code. */
const codes: Record<string, SystemErrorCode> = {
  BrokenPipe: "EPIPE",
  ConnectionAborted: "ECONNABORTED",
  ConnectionRefused: "ECONNREFUSED",
  ConnectionReset: "ECONNRESET",
  NetworkUnreachable: "ENETUNREACH",
  NotCapable: "EACCES",
  NotFound: "ENOENT",
  PermissionDenied: "EACCES",
  TimedOut: "ETIMEDOUT",
  WouldBlock: "EAGAIN",
};

/** The code of an error of Deno's, by its class if it has no code. */
export function denoErrorCode(error: unknown): SystemErrorCode | undefined {
  return systemErrorCode(error) ?? codes[(error as Error).name];
}

/** A call costs more than a copy. */
const writeStyle: WriteStyle = { supportsWritev: false, coalesceBytes: 512 * 1024 };

/** A connection over a socket of Deno's own. */
export class DenoConn extends BaseConn {
  readonly #conn: DenoSocket;
  /** Rejects the pending reads, which Deno cannot cancel while the socket is open. */
  readonly #reads: ((error: unknown) => void)[] = [];
  #ended = false;
  /** Made for the first buffer whose memory may shrink. */
  #guard: BufferGuard | undefined;
  /**
   * The error that broke the connection. The system reports it once, to the first call, and the end
   * afterwards.
   */
  #failure: unknown;
  #writeFailure: unknown;

  constructor(conn: DenoSocket, localAddr: Addr, remoteAddr: Addr) {
    super(localAddr, remoteAddr);
    this.#conn = conn;
  }

  protected receive(buffer: Uint8Array): Promise<number | null> {
    // Deno writes to the memory as it was when the read began, and counts lost bytes as read.
    if (this.#guard === undefined && !isResizable(buffer)) return this.#receive(buffer);
    return (this.#guard ??= new BufferGuard((buffer) => this.#receive(buffer))).read(buffer);
  }

  #receive(buffer: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => {
      this.#reads.push(reject);
      const settled = () => {
        const index = this.#reads.indexOf(reject);
        if (index !== -1) this.#reads.splice(index, 1);
      };
      this.#conn.read(plainBytes(buffer)).then((count) => {
        settled();
        if (byteLengthOf(buffer) === 0) return reject(lostBufferError());
        if (count === null) {
          this.#ended = true;
          if (this.#failure !== undefined) return reject(this.#broken());
          this.noteEnd();
        }
        resolve(count);
      }, (error) => {
        settled();
        this.#ended = true;
        this.#failure ??= this.#ioError("read", error);
        reject(this.#broken());
      });
    });
  }

  #broken(): unknown {
    this.noteBroken();
    return this.#failure;
  }

  protected get receivedAll(): boolean {
    return this.#ended;
  }

  protected override rejectReads(): void {
    for (const reject of this.#reads.splice(0)) reject(closedError("read"));
  }

  protected async send(data: Uint8Array): Promise<void> {
    try {
      // A single call may write only a part.
      let sent = await this.#conn.write(data);
      while (sent < data.byteLength) sent += await this.#conn.write(bytesAfter(data, sent));
    } catch (error) {
      const failure = this.#ioError("write", error);
      this.#writeFailure ??= failure;
      // If the peer had sent FIN before its reset, the code is EPIPE, and all of its data was
      // received.
      if (denoErrorCode(error) !== "EPIPE") this.#failure ??= failure;
      throw failure;
    }
  }

  override get writeStyle(): WriteStyle {
    return writeStyle;
  }

  protected async shutdown(): Promise<void> {
    const failure = this.#failure ?? this.#writeFailure;
    if (failure !== undefined) throw failure;
    try {
      await this.#conn.closeWrite();
    } catch (error) {
      throw this.#ioError("close the write side", error);
    }
  }

  #ioError(call: string, error: unknown): unknown {
    if (this.isClosed) {
      return connError("ERR_CONN_CLOSED", `Cannot ${call}: the connection is closed`, error);
    }
    const code = denoErrorCode(error);
    if (code === undefined || (error as { code?: unknown }).code === code) return error;
    return connError(code, `Cannot ${call}: ${(error as Error).message}`, error);
  }

  protected destroy(): void {
    try {
      this.#conn.close();
    } catch {
      // Deno has closed it already.
    }
  }

  /** Deno itself keeps the process alive exactly while an operation is pending. */
  protected setRef(ref: boolean): void {
    // Operations that are pending after the close must not keep the process alive.
    if (this.isClosed && !ref) this.#conn.unref?.();
  }

  override ref(): void {
    this.#conn.ref?.();
  }

  override unref(): void {
    this.#conn.unref?.();
  }

  // Deno throws if the connection is closed.
  setNoDelay(noDelay = true): void {
    if (!this.isClosed) this.#conn.setNoDelay?.(noDelay);
  }

  setKeepAlive(keepAlive = true): void {
    if (!this.isClosed) this.#conn.setKeepAlive?.(keepAlive);
  }
}

/** The used part of a Deno connection. */
export interface DenoSocket {
  readonly localAddr: { transport: string; hostname?: string; port?: number };
  readonly remoteAddr: { transport: string };
  read(buffer: Uint8Array): Promise<number | null>;
  write(data: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  ref?(): void;
  unref?(): void;
  setNoDelay?(noDelay: boolean): void;
  setKeepAlive?(keepAlive: boolean): void;
}
