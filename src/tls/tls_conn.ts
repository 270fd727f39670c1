import type { TLSSocket } from "node:tls";
import { clearTimeout, setTimeout } from "node:timers";
import type { Addr } from "../core/addr.ts";
import type { Conn } from "../core/conn.ts";
import { connError } from "../core/conn_error.ts";
import type { ConnDuplex } from "../stream/conn_duplex.ts";
import { StreamConn } from "../stream/stream_conn.ts";

/** What a TLS handshake agreed on. */
export interface TlsInfo {
  /** The version, such as `"TLSv1.3"`. */
  readonly protocol: string;
  /** The application protocol that the peer chose (ALPN); `undefined` where none was offered or chosen. */
  readonly alpnProtocol: string | undefined;
  /** The peer's certificate in DER. */
  readonly peerCertificate: Uint8Array;
}

/** A connection in TLS. */
export interface TlsConn extends Conn {
  /** What the handshake agreed on. */
  readonly tls: TlsInfo;
}

/** The longest that a closed connection waits for its `close_notify` to be sent. */
const closeMs = 500;

/** What {@linkcode SessionConn} is made of. */
export interface TlsSession {
  /** The socket, its handshake done. */
  readonly socket: TLSSocket;
  /** What the socket's bytes go through. */
  readonly transport: ConnDuplex;
  /** Whether the peer ended its side by a `close_notify`; asked when the socket has ended. */
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
   * @param conn The connection that it was made over.
   */
  constructor({ socket, transport, endedCleanly }: TlsSession, conn: Conn) {
    super({
      stream: socket,
      // What is to stop, stops below: Deno's TLS reads on above a paused socket, and then forgets the end.
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

  /** Bun calls back as soon as the bytes are encrypted, whether or not the connection below takes them. */
  protected override flush(done: (error?: Error | null) => void): void {
    if (this.#transport.writableLength === 0) done();
    else this.#transport.write(nothing, done);
  }

  /** Sends `close_notify`, so that the peer can tell this end from one that somebody else made. */
  protected override finish(): void {
    const socket = this.#socket;
    const transport = this.#transport;
    if (socket.destroyed || transport.destroyed) return this.breakOff(false);
    // A peer that reads nothing must not hold the socket for ever, nor shall the limit hold the process.
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

/** An end that anybody on the way can make is none (RFC 8446 §6.1): what is missing may matter. */
function truncated(): Error {
  return connError(
    "ERR_SSL_UNEXPECTED_EOF_WHILE_READING",
    "Cannot read: the peer ended the connection without a TLS close_notify",
  );
}
