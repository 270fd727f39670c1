import type { AbortOptions, CounterGroup, Logger, MultiaddrConnection } from "@libp2p/interface";
import { TimeoutError } from "@libp2p/interface";
import { AbstractMultiaddrConnection } from "@libp2p/utils";
import { type ChunkFlow, flowChunks } from "../conn/flow.ts";
import type { Conn } from "../core/conn.ts";
import { connError } from "../core/conn_error.ts";
import type { Multiaddr } from "../core/dialer.ts";
import { abortable } from "../dial/signals.ts";
import { IdleTimer } from "../stream/idle_timer.ts";
import { SendQueue } from "./send_queue.ts";

/** With more than this unsent, whoever sends is told to wait. */
const fullBytes = 512 * 1024;
/**
 * With no more than this unsent, whoever waits is told to go on: not so late that the socket runs
 * dry.
 */
const drainedBytes = 256 * 1024;
/** With more than this received and not taken, reading stops; at 4 MiB libp2p would abort. */
const unreadBytes = 1024 * 1024;
/**
 * How long a closed connection waits for the peer's end, so that nothing on its way there is lost.
 */
const lingerMs = 500;

/** What a libp2p connection is made of. */
export interface ConnMultiaddrConnectionInit {
  readonly conn: Conn;
  readonly remoteAddr: Multiaddr;
  readonly log: Logger;
  readonly metrics: CounterGroup | undefined;
  /** Milliseconds without a byte either way after which the connection is aborted; 0 for never. */
  readonly inactivityTimeoutMs: number;
  /** Whether this end stays open when the peer ends its side. */
  readonly allowHalfOpen: boolean;
}

/** Shape of `Uint8ArrayList`, as far as it is needed. */
interface Pieces extends Iterable<Uint8Array> {
  readonly byteLength: number;
}

/** Shape of libp2p's `Stream`, as far as it is needed. */
interface MuxedStream {
  readonly remoteWriteStatus: string;
  abort(error: Error): void;
}

/** Makes of a dialed connection what libp2p's upgrader takes. */
export function toMultiaddrConnection(init: ConnMultiaddrConnectionInit): MultiaddrConnection {
  // There may be several copies of uint8arraylist, whose types are the same in all but name.
  return new ConnMultiaddrConnection(init) as unknown as MultiaddrConnection;
}

/**
 * Tells what is under a libp2p connection that was made here.
 *
 * @param maConn Any value.
 * @returns The connection, or `undefined` if it was not made here.
 */
export function connUnder(maConn: unknown): Conn | undefined {
  return maConn instanceof ConnMultiaddrConnection ? maConn.conn : undefined;
}

/**
 * Passes the streams of the upgraded connection to the connection below it. If the transport ends
 * while the remote still has a stream open for writing, these streams fail: libp2p itself would
 * show them a clean end.
 *
 * @param maConn What was upgraded.
 * @param connection What the upgrader made of it.
 */
export function setStreamsOf(maConn: unknown, connection: unknown): void {
  if (!(maConn instanceof ConnMultiaddrConnection) || maConn === connection) return;
  maConn.muxed = connection as { readonly streams?: readonly MuxedStream[] };
}

class ConnMultiaddrConnection extends AbstractMultiaddrConnection {
  readonly conn: Conn;
  /** The upgraded connection, once there is one. */
  muxed: { readonly streams?: readonly MuxedStream[] } | undefined;
  readonly #allowHalfOpen: boolean;
  readonly #sending: SendQueue;
  readonly #idle: IdleTimer;
  readonly #flow: ChunkFlow;
  #needsDrain = false;
  /** Whether `close()` is sending what is unsent. */
  #closes = false;
  /** What comes is thrown away, since the connection is being closed. */
  #lingers = false;
  /** Whether nothing more comes, and who waits for that. */
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
    // Not before somebody had the time to listen: what is there already is handed on at once.
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

  /** The peer ended its side. */
  #onEnd(): void {
    this.log("tcp end %a", this.remoteAddr);
    this.#noteReceived();
    if (this.#lingers) return;
    if (this.#allowHalfOpen && this.status === "open") {
      this.onRemoteCloseWrite();
      return;
    }
    // What the base class holds is not sent yet.
    if (this.#closes) return;
    // A proxy that was killed ends as a peer does that closes; the muxer's own end would have
    // closed the streams before.
    if (this.#openStreams().length > 0) return this.#fail(endedEarly());
    // A peer that has nothing more to say may still listen.
    this.#endByPeer();
  }

  /** Streams of which more was to come. */
  #openStreams(): readonly MuxedStream[] {
    const streams = this.muxed?.streams ?? [];
    return streams.filter(({ remoteWriteStatus }) => remoteWriteStatus !== "closed");
  }

  /** The transport broke. */
  #fail(error: Error): void {
    // Only those: an abort throws away what is received and not taken yet, also of a stream that is
    // complete.
    for (const stream of this.#openStreams()) stream.abort(error);
    this.abort(error);
    // Where the status says closed already, an abort does nothing.
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
    // All that was sent is with the system: how the remote ends does not matter any more.
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
      // Where it was given up, the peer's end is left to end the connection.
      if (this.#received && !this.#over) this.#endByPeer();
    }
  }

  override async sendClose({ signal }: AbortOptions = {}): Promise<void> {
    if (this.#over) return;
    await abortable(this.#sending.flushed(), signal);
    if (!this.#over) this.#linger();
  }

  /**
   * Sends FIN, and drops what arrives until the peer ends too: closing a socket with unread bytes
   * makes the system send RST at once, and throw away what it has not sent yet. Nobody waits for
   * it, and until then the process stays.
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
    // Nothing is sent any more, and a close under way that an abort cut short would still wait for
    // the drain.
    this.writableNeedsDrain = false;
    this.#onReceived?.();
  }
}

function endedEarly(): Error {
  return connError("ECONNRESET", "The connection ended while streams were open");
}
