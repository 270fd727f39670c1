import type { TLSSocket } from "node:tls";
import { clearTimeout, setTimeout } from "node:timers";
import type { Addr } from "../core/addr.ts";
import type { Conn } from "../core/conn.ts";
import { connError } from "../core/conn_error.ts";
import type { ConnDuplex } from "../stream/conn_duplex.ts";
import { StreamConn } from "../stream/stream_conn.ts";

/** The result of a TLS handshake. */
export interface TlsInfo {
  /** The version, such as `"TLSv1.3"`. */
  readonly protocol: string;
  /**
   * The application protocol that the peer chose (ALPN); `undefined` if none was offered or chosen.
   */
  readonly alpnProtocol: string | undefined;
  /** The peer's certificate in DER. */
  readonly peerCertificate: Uint8Array;
}

/** A connection over TLS. */
export interface TlsConn extends Conn {
  /** The result of the handshake. */
  readonly tls: TlsInfo;
}

/** Milliseconds that a closed connection waits at most for its `close_notify` to be sent. */
const closeMs = 500;

/** The parts of a {@linkcode SessionConn}. */
export interface TlsSession {
  /** The socket, after its handshake. */
  readonly socket: TLSSocket;
  /** The stream that carries the socket's records. */
  readonly transport: ConnDuplex;
  /** Whether the peer ended its side by a `close_notify`; called after the socket has ended. */
  readonly endedCleanly: () => boolean;
}

/** A connection over a session of `node:tls`. */
export class SessionConn extends StreamConn implements TlsConn {
  readonly tls: TlsInfo;
  override readonly hops: readonly Addr[];
  readonly #socket: TLSSocket;
  readonly #transport: ConnDuplex;

  /**
   * @param session The session.
   * @param conn The connection below the session.
   */
  constructor({ socket, transport, endedCleanly }: TlsSession, conn: Conn) {
    super({
      stream: socket,
      // Reads are paused on the transport: Deno's TLS continues to read above a paused socket and
      // then loses the end.
      socket: transport,
      localAddr: conn.localAddr,
      remoteAddr: conn.remoteAddr,
      endError: () => endedCleanly() ? undefined : truncated(),
      copies: false,
    });
    this.hops = conn.hops;
    this.tls = {
      protocol: socket.getProtocol() ?? "",
      alpnProtocol: socket.alpnProtocol || undefined,
      peerCertificate: socket.getPeerCertificate().raw,
    };
    this.#socket = socket;
    this.#transport = transport;
  }

  /**
   * Waits for the transport. Bun calls back as soon as the bytes are encrypted, before the
   * connection below accepts them.
   */
  protected override flush(done: (error?: Error | null) => void): void {
    if (this.#transport.writableLength === 0) done();
    else this.#transport.write(nothing, done);
  }

  /** Sends `close_notify`, which proves to the peer that this end is not a truncation. */
  protected override finish(): void {
    const socket = this.#socket;
    const transport = this.#transport;
    if (socket.destroyed || transport.destroyed) return this.breakOff(false);
    // A peer that stops reading must not hold the socket forever, nor may the timer keep the
    // process alive.
    const limit = setTimeout(() => this.breakOff(false), closeMs).unref();
    transport.once("close", () => {
      clearTimeout(limit);
      socket.destroy();
    });
    socket.end(() => transport.destroySoon());
  }

  protected override breakOff(reset: boolean): void {
    super.breakOff(reset);
    this.#transport.destroy();
  }
}

const nothing = new Uint8Array(0);

/**
 * The error of a truncated stream. An end without `close_notify` can be forged by an attacker on
 * the path (RFC 8446 §6.1), so the data may be incomplete.
 */
function truncated(): Error {
  return connError(
    "ERR_SSL_UNEXPECTED_EOF_WHILE_READING",
    "Cannot read: the peer ended the connection without a TLS close_notify",
  );
}
