import {
  type AbortOptions,
  type CounterGroup,
  type Logger,
  type MultiaddrConnection,
  TimeoutError,
} from "@libp2p/interface";
import { AbstractMultiaddrConnection } from "@libp2p/utils";
import { type ChunkFlow, flowChunks } from "../conn/flow.ts";
import type { Conn } from "../core/conn.ts";
import { connError } from "../core/conn_error.ts";
import type { Multiaddr } from "../core/dialer.ts";
import { abortable } from "../dial/signals.ts";
import { IdleTimer } from "../stream/idle_timer.ts";
import { SendQueue } from "./send_queue.ts";

/** With more unsent bytes than this, the sender must wait for the drain. */
const fullBytes = 512 * 1024;
/**
 * With at most this many unsent bytes, a waiting sender may continue; any lower and the socket
 * would run dry.
 */
const drainedBytes = 256 * 1024;
/** With more received and unread bytes than this, reading pauses; libp2p would abort at 4 MiB. */
const unreadBytes = 1024 * 1024;
/**
 * Milliseconds that a closed connection waits for the peer's end, so that no data in transit is
 * lost.
 */
const lingerMs = 500;

/** The arguments of {@linkcode toMultiaddrConnection}. */
export interface ConnMultiaddrConnectionInit {
  readonly conn: Conn;
  readonly remoteAddr: Multiaddr;
  readonly log: Logger;
  readonly metrics: CounterGroup | undefined;
  /**
   * Milliseconds without a byte in either direction after which the connection is aborted; 0 for
   * never.
   */
  readonly inactivityTimeoutMs: number;
  /** Whether this end stays open when the peer ends its side. */
  readonly allowHalfOpen: boolean;
}

/** The part of `Uint8ArrayList` that is used here. */
interface Pieces extends Iterable<Uint8Array> {
  readonly byteLength: number;
}

/** The part of libp2p's `Stream` that is used here. */
interface MuxedStream {
  readonly remoteWriteStatus: string;
  abort(error: Error): void;
}

/** Wraps a dialed connection for libp2p's upgrader. */
export function toMultiaddrConnection(init: ConnMultiaddrConnectionInit): MultiaddrConnection {
  // Copies of uint8arraylist have incompatible types, although their shapes are the same.
  return new ConnMultiaddrConnection(init) as unknown as MultiaddrConnection;
}

/**
 * Returns the connection below a libp2p connection that was made here.
 *
 * @param maConn Any value.
 * @returns The connection, or `undefined` if it was not made here.
 */
export function connUnder(maConn: unknown): Conn | undefined {
  return maConn instanceof ConnMultiaddrConnection ? maConn.conn : undefined;
}

/**
 * Associates the streams of the upgraded connection with the connection below it. If the transport
 * ends while the remote has a stream open for writing, these streams fail: libp2p itself would
 * report a clean end.
 *
 * @param maConn The connection that was upgraded.
 * @param connection The result of the upgrader.
 */
export function setStreamsOf(maConn: unknown, connection: unknown): void {
  if (!(maConn instanceof ConnMultiaddrConnection) || maConn === connection) return;
  maConn.muxed = connection as { readonly streams?: readonly MuxedStream[] };
}

class ConnMultiaddrConnection extends AbstractMultiaddrConnection {
  readonly conn: Conn;
  /** The upgraded connection, once the upgrade is complete. */
  muxed: { readonly streams?: readonly MuxedStream[] } | undefined;
  readonly #allowHalfOpen: boolean;
  readonly #sending: SendQueue;
  readonly #idle: IdleTimer;
  readonly #flow: ChunkFlow;
  #needsDrain = false;
  /** Whether `close()` is sending the unsent data. */
  #closes = false;
  /** Received data is discarded, since the connection is being closed. */
  #lingers = false;
  /** Whether the receiving side has ended, and the callback for it. */
  #received = false;
  #onReceived: (() => void) | undefined;
  #over = false;

  constructor(init: ConnMultiaddrConnectionInit) {
    const { conn, remoteAddr, log, metrics, inactivityTimeoutMs } = init;
    super({
      remoteAddr,
      direction: "outbound",
      log,
      inactivityTimeout: inactivityTimeoutMs,
      ...(metrics && { metrics }),
    });
    this.conn = conn;
    this.#allowHalfOpen = init.allowHalfOpen;
    const told = {
      chunk: (chunk: Uint8Array) => this.#onChunk(chunk),
      end: () => this.#onEnd(),
      sent: () => this.#onSent(),
      failed: (error: unknown) => this.#onFailed(error),
    };
    this.#sending = new SendQueue(conn, told);
    this.#idle = new IdleTimer(() => this.#onIdle());
    this.#idle.set(inactivityTimeoutMs);
    this.#flow = flowChunks(conn, told);
    // Deferred, so that the caller can add its listeners: data already received is delivered at
    // once.
    queueMicrotask(() => this.#continueReading());
  }

  #onChunk(chunk: Uint8Array): boolean {
    this.#idle.touch();
    if (!this.#lingers) this.onData(chunk);
    return this.#mayRead;
  }

  get #mayRead(): boolean {
    if (this.#over) return false;
    return this.#lingers || this.readStatus !== "paused" && this.readBufferLength <= unreadBytes;
  }

  #continueReading(): void {
    if (this.#mayRead) this.#flow.resume();
  }

  /** Handles the end of the peer's side. */
  #onEnd(): void {
    this.log("tcp end %a", this.remoteAddr);
    this.#noteReceived();
    if (this.#lingers) return;
    if (this.#allowHalfOpen && this.status === "open") {
      this.onRemoteCloseWrite();
      return;
    }
    // Data buffered by the base class is not sent yet.
    if (this.#closes) return;
    // A killed proxy ends the connection like a peer that closes it. After a regular close, the
    // muxer would have closed the streams before.
    if (this.#openStreams().length > 0) return this.#fail(endedEarly());
    // A peer that has ended its side may still read.
    this.#endByPeer();
  }

  /** Streams whose remote side has not ended. */
  #openStreams(): readonly MuxedStream[] {
    const streams = this.muxed?.streams ?? [];
    return streams.filter(({ remoteWriteStatus }) => remoteWriteStatus !== "closed");
  }

  /** Handles a failure of the transport. */
  #fail(error: Error): void {
    // Only open streams: an abort discards received and unread data, even of a complete stream.
    for (const stream of this.#openStreams()) stream.abort(error);
    this.abort(error);
    // An abort has no effect if the status is already closed.
    this.#destroy(true);
  }

  #endByPeer(): void {
    this.onTransportClosed();
    this.#sending.flushed().then(() => this.#destroy(false));
  }

  #noteReceived(): void {
    this.#received = true;
    this.#onReceived?.();
  }

  #onSent(): void {
    this.#idle.touch();
    if (!this.#needsDrain || this.#sending.unsentBytes > drainedBytes) return;
    this.#needsDrain = false;
    this.safeDispatchEvent("drain");
  }

  #onFailed(error: unknown): void {
    if (this.#over) return;
    // The system has accepted all data, so the way in which the remote ends is irrelevant.
    if (this.#lingers) return this.#noteReceived();
    this.log("tcp error %a - %e", this.remoteAddr, error);
    this.#fail(error as Error);
  }

  #onIdle(): void {
    this.log("tcp timeout %a", this.remoteAddr);
    this.#fail(new TimeoutError(`No activity for ${this.inactivityTimeout} ms`));
  }

  override sendData(data: Pieces): { sentBytes: number; canSendMore: boolean } {
    this.#sending.push(data);
    this.#needsDrain = this.#sending.unsentBytes > fullBytes;
    return { sentBytes: data.byteLength, canSendMore: !this.#needsDrain };
  }

  override async close(options?: AbortOptions): Promise<void> {
    if (this.status !== "open") return;
    this.#closes = true;
    try {
      await super.close(options);
    } finally {
      this.#closes = false;
      // After an aborted close, the peer's end closes the connection.
      if (this.#received && !this.#over) this.#endByPeer();
    }
  }

  override async sendClose({ signal }: AbortOptions = {}): Promise<void> {
    if (this.#over) return;
    await abortable(this.#sending.flushed(), signal);
    if (!this.#over) this.#linger();
  }

  /**
   * Sends FIN, and discards received data until the peer ends too. Closing a socket with unread
   * bytes would make the system send RST at once and discard unsent data. The caller does not wait
   * for the end, but the process stays alive until then.
   */
  async #linger(): Promise<void> {
    this.#lingers = true;
    this.#idle.set(0);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const waited = new Promise<void>((resolve) => timer = setTimeout(resolve, lingerMs));
    const received = new Promise<void>((resolve) => this.#onReceived = resolve);
    this.#continueReading();
    try {
      const ended = this.conn.closeWrite().then(() => this.#received ? undefined : received);
      await Promise.race([ended, waited]);
    } catch (error) {
      this.log("tcp connection broke while it was closed - %e", error);
    }
    clearTimeout(timer);
    this.#destroy(false);
  }

  override sendReset(): void {
    this.#destroy(true);
  }

  override sendPause(): void {}

  override sendResume(): void {
    this.#continueReading();
  }

  protected override dispatchReadBuffer(): void {
    super.dispatchReadBuffer();
    this.#continueReading();
  }

  #destroy(reset: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#idle.set(0);
    this.#sending.clear();
    if (reset) this.conn.reset();
    else this.conn.close();
    this.#flow.stop();
    // Nothing more is sent. A pending close that an abort interrupted would still wait for the
    // drain.
    this.writableNeedsDrain = false;
    this.#onReceived?.();
  }
}

function endedEarly(): Error {
  return connError("ECONNRESET", "The connection ended while streams were open");
}
