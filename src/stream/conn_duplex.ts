import { Duplex } from "node:stream";
import type { Conn } from "../core/conn.ts";
import { discardConn } from "../conn/foreign_conn.ts";
import { boolean, type OptionChecks, readOptions } from "../core/options.ts";
import { type DuplexAddress, familyOf, hostOf, portOf } from "./duplex_address.ts";
import { batchesOf } from "./batches.ts";
import { errorOf } from "./error_of.ts";
import { IdleTimer } from "./idle_timer.ts";
import { ReadBuffer } from "./read_buffer.ts";
import { wholeConn } from "./whole_conn.ts";

/** Options of a {@linkcode ConnDuplex}. */
export interface ConnDuplexOptions {
  /**
   * Whether each direction ends separately. With `false`, the default of a `net.Socket`, the end of
   * the peer's data also ends the writable side.
   *
   * @default {true}
   */
  allowHalfOpen?: boolean;
}

const duplexOptions: OptionChecks<ConnDuplexOptions> = { allowHalfOpen: boolean };

type Callback = (error?: Error | null) => void;

const highWaterMark = 64 * 1024;

/** Returns the connection of a stream; `undefined` before it is established. */
export let connOfDuplex: (stream: ConnDuplex) => Conn | undefined;

/** Starts the dial of a stream that has no connection. */
export let startDial: (
  stream: ConnDuplex,
  source: (signal: AbortSignal) => Promise<Conn>,
) => void;

/**
 * A Node stream over a {@linkcode Conn}, with the methods and events of a `net.Socket`. It is not
 * an instance of `net.Socket` and has no `connect()`, which only a `socket()` of a connector has.
 *
 * No byte is read before the stream is read. Ending it sends FIN. Destroying it closes the
 * connection, with a reset if there is an error, so that the peer does not mistake a failed stream
 * for a complete one.
 */
export class ConnDuplex extends Duplex {
  #conn: Conn | undefined;
  /** Aborts the pending dial. */
  #dialing: AbortController | undefined;
  /** Actions that wait for the connection. */
  #waiting: ((conn: Conn) => void)[] = [];
  readonly #buffer: ReadBuffer = new ReadBuffer();
  readonly #idle: IdleTimer = new IdleTimer(() => this.emit("timeout"));
  #bytesRead = 0;
  #bytesSent = 0;
  /** The addresses that connections were attempted to, as `host:port`. */
  readonly autoSelectFamilyAttemptedAddresses: string[] = [];

  static {
    connOfDuplex = (stream) => #conn in stream ? stream.#conn : undefined;
    startDial = (stream, source) => stream.#dial(source);
  }

  /**
   * Makes a stream over a connection, or over one that is yet to be dialed. While the dial is
   * pending, writes are buffered and `destroy()` aborts it. A dialed connection is announced by
   * `"connect"`, a failed dial by `"error"`. Over an existing connection `"connect"` is emitted
   * soon after the constructor returns.
   *
   * @param source The connection, which the stream owns from now on, or the function that dials it;
   *   `undefined` if `startDial` provides it later.
   * @param options Options of the stream.
   */
  constructor(
    source: Conn | ((signal: AbortSignal) => Promise<Conn>) | undefined,
    options: ConnDuplexOptions = {},
  ) {
    super({
      allowHalfOpen: readOptions("toDuplex", options, duplexOptions).allowHalfOpen ?? true,
      readableHighWaterMark: highWaterMark,
      writableHighWaterMark: highWaterMark,
    });
    if (typeof source === "function") this.#dial(source);
    else if (source !== undefined) {
      this.#conn = wholeConn(source);
      this.#settle(Promise.resolve(), () => this.#announce());
    }
  }

  #dial(source: (signal: AbortSignal) => Promise<Conn>): void {
    const { signal } = this.#dialing = new AbortController();
    this.#settle((async () => await source(signal))(), (conn) => this.#connected(conn));
  }

  /**
   * An error thrown by a listener of "connect" also fails the stream; it must not end the process.
   */
  #settle<T>(promise: Promise<T>, then: (result: T) => void): void {
    promise.then(then).catch((error) => void this.destroy(errorOf(error, "Cannot connect")));
  }

  #connected(answer: Conn): void {
    this.#dialing = undefined;
    if (this.destroyed) return discardConn(answer);
    const conn = this.#conn = wholeConn(answer);
    this.#idle.touch();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const action of waiting) action(conn);
    this.#announce();
  }

  #announce(): void {
    for (const event of ["connect", "ready"]) {
      if (!this.destroyed) this.emit(event);
    }
  }

  #withConn(action: (conn: Conn) => void): void {
    if (this.#conn !== undefined) action(this.#conn);
    else if (!this.destroyed) this.#waiting.push(action);
  }

  /** @internal */
  override _read(): void {
    this.#withConn((conn) =>
      conn.read(this.#buffer.space()).then(
        (count) => this.#received(count),
        (error) => void this.destroy(failure("read", error)),
      )
    );
  }

  #received(count: number | null): void {
    this.#idle.touch();
    if (count === null) {
      this.#buffer.release();
      this.push(null);
    } else {
      this.#bytesRead += count;
      this.push(this.#buffer.take(count));
    }
  }

  /** @internal */
  override _write(chunk: Uint8Array, _encoding: string, callback: Callback): void {
    this.#withConn((conn) => {
      conn.write(chunk).then((count) => {
        this.#sent(count);
        callback();
      }, (error) => callback(failure("write", error)));
    });
  }

  /** @internal */
  override _writev(chunks: { chunk: Uint8Array }[], callback: Callback): void {
    this.#withConn((conn) => {
      this.#writeBatches(conn, chunks.map(({ chunk }) => chunk)).then(
        () => callback(),
        (error) => callback(failure("write", error)),
      );
    });
  }

  async #writeBatches(conn: Conn, chunks: Uint8Array[]): Promise<void> {
    for (const batch of batchesOf(chunks)) this.#sent(await conn.write(batch));
  }

  #sent(count: number): void {
    this.#bytesSent += count;
    this.#idle.touch();
  }

  /** @internal */
  override _final(callback: Callback): void {
    this.#withConn((conn) => {
      conn.closeWrite().then(() => callback(), (error) => callback(failure("write", error)));
    });
  }

  /** @internal */
  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#idle.set(0);
    this.#waiting = [];
    this.#dialing?.abort();
    if (error) this.#conn?.reset();
    else this.#conn?.close();
    callback(error);
  }

  /** Ends the stream, and destroys it once all data is sent. */
  destroySoon(): void {
    if (!this.writableEnded) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  /**
   * Destroys the stream and closes the connection with RST where the runtime can.
   *
   * @returns The stream itself.
   */
  resetAndDestroy(): this {
    this.#conn?.reset();
    return this.destroy();
  }

  /**
   * Emits `"timeout"` after a period without reads and writes, and again after each later one. The
   * connection stays open.
   *
   * @param timeoutMs The period in milliseconds; 0, the initial value, disables the time-out.
   * @param callback Called at the next `"timeout"`; with a `timeoutMs` of 0 it is removed.
   * @returns The stream itself.
   * @throws {RangeError} If `timeoutMs` is not a finite number of at least 0.
   */
  setTimeout(timeoutMs: number, callback?: () => void): this {
    if (this.destroyed) return this;
    this.#idle.set(timeoutMs);
    if (callback === undefined) return this;
    if (timeoutMs === 0) this.removeListener("timeout", callback);
    else this.once("timeout", callback);
    return this;
  }

  /** The last argument of {@linkcode ConnDuplex.setTimeout}; `undefined` before its first call. */
  get timeout(): number | undefined {
    return this.#idle.timeoutMs;
  }

  /**
   * Turns Nagle's algorithm off or on.
   *
   * @param noDelay Whether small writes are sent at once.
   * @returns The stream itself.
   */
  setNoDelay(noDelay = true): this {
    this.#withConn((conn) => conn.setNoDelay(noDelay));
    return this;
  }

  /**
   * Turns TCP keep-alive on or off. As for a `net.Socket`, the default is off.
   *
   * @param keepAlive Whether to send probes.
   * @param _initialDelay Ignored: the dialer sets the idle time.
   * @returns The stream itself.
   */
  setKeepAlive(keepAlive = false, _initialDelay?: number): this {
    this.#withConn((conn) => conn.setKeepAlive(keepAlive));
    return this;
  }

  /**
   * Undoes {@linkcode ConnDuplex.unref}.
   *
   * @returns The stream itself.
   */
  ref(): this {
    this.#withConn((conn) => conn.ref());
    return this;
  }

  /**
   * Lets the process exit even while a read or write is pending.
   *
   * @returns The stream itself.
   */
  unref(): this {
    this.#withConn((conn) => conn.unref());
    return this;
  }

  /**
   * Returns the local end.
   *
   * @returns The local end; an empty object for a unix socket or before there is a connection.
   */
  address(): DuplexAddress | Record<string, never> {
    const { localAddress: address, localFamily: family, localPort: port } = this;
    if (address === undefined || family === undefined || port === undefined) return {};
    return { address, family, port };
  }

  /** Whether the connection is still being dialed. */
  get connecting(): boolean {
    return this.#dialing !== undefined && !this.destroyed;
  }

  /** Whether the stream has no connection yet, or never had one. */
  get pending(): boolean {
    return this.#conn === undefined;
  }

  /** The state of the stream, with the values of a `net.Socket`. */
  get readyState(): "opening" | "open" | "readOnly" | "writeOnly" | "closed" {
    if (this.connecting) return "opening";
    if (this.readable) return this.writable ? "open" : "readOnly";
    return this.writable ? "writeOnly" : "closed";
  }

  /** Bytes that wait to be sent, under the name that a `net.Socket` has for them. */
  get bufferSize(): number {
    return this.writableLength;
  }

  /** Bytes received so far. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Bytes written so far, including those not sent yet. */
  get bytesWritten(): number {
    return this.#bytesSent + this.writableLength;
  }

  /** The local IP address; `undefined` for a unix socket. */
  get localAddress(): string | undefined {
    return hostOf(this.#conn?.localAddr);
  }

  /** The local port; `undefined` for a unix socket. */
  get localPort(): number | undefined {
    return portOf(this.#conn?.localAddr);
  }

  /** The local address's family; `undefined` for a unix socket. */
  get localFamily(): "IPv4" | "IPv6" | undefined {
    return familyOf(this.#conn?.localAddr);
  }

  /** The remote IP address, or the target's name behind a proxy; `undefined` for a unix socket. */
  get remoteAddress(): string | undefined {
    return hostOf(this.#conn?.remoteAddr);
  }

  /** The remote port; `undefined` for a unix socket. */
  get remotePort(): number | undefined {
    return portOf(this.#conn?.remoteAddr);
  }

  /** The remote address's family; `undefined` for a name or a unix socket. */
  get remoteFamily(): "IPv4" | "IPv6" | undefined {
    return familyOf(this.#conn?.remoteAddr);
  }
}

function failure(call: "read" | "write", thrown: unknown): Error {
  return errorOf(thrown, `Cannot ${call}`, "ECONNABORTED");
}
