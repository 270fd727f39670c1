import {
  connect as netConnect,
  type IpcNetConnectOpts,
  type Socket,
  type TcpNetConnectOpts,
} from "node:net";
import type { Addr } from "../src/core/addr.ts";
import { closedError, connError } from "../src/core/conn_error.ts";
import { PushConn } from "../src/core/push_conn.ts";
import {
  type ConnectDone,
  type Connector,
  type ConnectRequest,
  remoteAddrOf,
} from "../src/resolve/connector.ts";
import type { NetDialerOptions } from "../src/resolve/net_dialer_options.ts";
import { connectFailure, failLater } from "./connect_failure.ts";
import { zoneFailure } from "./local_interface.ts";

/** Connects over `node:net`. */
export function netConnector(options: Pick<NetDialerOptions, "keepAlive" | "noDelay">): Connector {
  const { keepAlive = 15_000, noDelay = true } = options;
  return {
    connect(request, done) {
      if ("path" in request) {
        return openSocket(
          { path: request.path, allowHalfOpen: true, onread: reading() },
          request,
          done,
        );
      }
      const { host, port, family, localAddress, localPort } = request;
      const failure = zoneFailure(host);
      if (failure !== undefined) return failLater(failure, done);
      const opts: TcpOpts = {
        host,
        port,
        allowHalfOpen: true,
        noDelay,
        keepAlive: keepAlive !== false,
        keepAliveInitialDelay: keepAlive === false ? 0 : keepAlive,
        onread: reading(),
      };
      if (localAddress !== undefined || localPort !== undefined) {
        // Bun ignores a local port without a local address.
        opts.localAddress = localAddress ?? (family === 4 ? "0.0.0.0" : "::");
        if (localPort !== undefined) opts.localPort = localPort;
      }
      return openSocket(opts, request, done);
    },
  };
}

type TcpOpts = TcpNetConnectOpts & { onread: Reading };
type UnixOpts = IpcNetConnectOpts & { onread: Reading };

/** How a socket reads: into a buffer, which `callback` is told of. */
interface Reading {
  buffer: Uint8Array;
  callback: (count: number, buffer: Uint8Array) => boolean;
  conn: NodeConn | undefined;
}

/**
 * All sockets read into this one buffer: its bytes are taken or copied before the callback returns, so that an idle
 * connection costs no buffer at all. Twice its size was slower to read with.
 */
let sharedBuffer: Uint8Array | undefined;

function reading(): Reading {
  const reading: Reading = {
    buffer: sharedBuffer ??= new Uint8Array(64 * 1024),
    callback: (count, buffer) => reading.conn === undefined || reading.conn.onRead(count, buffer),
    conn: undefined,
  };
  return reading;
}

function openSocket(
  opts: TcpOpts | UnixOpts,
  request: ConnectRequest,
  done: ConnectDone,
): () => void {
  let over = false;
  // `net.connect({ signal })` keeps listening after "connect" and would destroy an established socket, so cancelling
  // is done by hand.
  const socket = netConnect(opts);
  // Nothing is read before somebody asks, so that what comes early stays with the system.
  socket.pause();
  socket.on("connect", () => {
    if (over) return;
    over = true;
    done(undefined, opts.onread.conn = new NodeConn(socket, request));
  });
  socket.on("error", (error) => {
    if (opts.onread.conn !== undefined) return opts.onread.conn.onError(error);
    if (over) return;
    over = true;
    connectFailure(error, request).then(done);
  });
  return () => {
    over = true;
    socket.destroy();
  };
}

class NodeConn extends PushConn {
  readonly #socket: Socket;
  /** Told when the write under way was taken by the system. */
  #sent: ((error?: Error | null) => void) | undefined;
  /** Calls of `#onSent` to come for writes that the system took at once. */
  #sentAtOnce = 0;
  #listening = false;

  constructor(socket: Socket, request: ConnectRequest) {
    super(localAddrOf(socket, request), remoteAddrOf(request));
    this.#socket = socket;
    socket.unref();
  }

  /** Done on first use, since it is a tenth of what a dial costs. */
  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#socket.on("end", () => this.pushEnd());
    this.#socket.on("close", () => this.#onClose());
  }

  onRead(count: number, buffer: Uint8Array): boolean {
    const rest = this.deliver(buffer.subarray(0, count));
    // The buffer is everybody's: what nobody waits for has to leave it.
    return rest === undefined || this.keep(rest.slice());
  }

  onError(error: Error): void {
    this.pushError(error);
  }

  #onClose(): void {
    // The socket closed itself after both sides had ended, or after an error that was told already.
    if (!this.closed) this.pushEnd();
    this.#sent?.(connError("EPIPE", "Cannot write: the connection is closed"));
  }

  protected resume(): void {
    this.#listen();
    // What closed before anybody listened does not close again.
    if (this.#socket.destroyed) this.#onClose();
    else this.#socket.resume();
  }

  protected send(data: Uint8Array): Promise<void> | undefined {
    const socket = this.#socket;
    if (this.failure !== undefined) return Promise.reject(this.failure);
    socket.write(data, this.#onSent);
    if (socket.writableLength === 0 && socket.writable) {
      // Node tries to write at once and counts only what the system did not take.
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

  readonly #onSent = (error?: Error | null): void => {
    if (this.#sentAtOnce > 0) this.#sentAtOnce--;
    else this.#sent?.(error && this.#whyUnsent(error));
  };

  /** A write that waited when the socket failed is told that it was cancelled, and not why. */
  #whyUnsent(error: Error): Error {
    if ((error as { code?: unknown }).code !== "ECANCELED") return error;
    return this.#socket.errored ??
      connError("EPIPE", "Cannot write: the connection is closed", error);
  }

  protected shutdown(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.end((error?: Error | null) => error ? reject(error) : resolve());
    });
  }

  protected destroy(reset: boolean): void {
    // Node 20 reports a write that destroying has cut off as done.
    this.#sent?.(closedError("write"));
    // Node throws where it is no TCP socket; a unix socket has no reset.
    if (reset && this.remoteAddr.transport === "tcp") this.#socket.resetAndDestroy();
    else this.#socket.destroy();
    this.pushClosed();
  }

  protected setRef(ref: boolean): void {
    if (ref) this.#socket.ref();
    else this.#socket.unref();
  }

  setNoDelay(noDelay = true): void {
    this.#socket.setNoDelay(noDelay);
  }

  setKeepAlive(keepAlive = true): void {
    this.#socket.setKeepAlive(keepAlive);
  }
}

/** The local end of a connected socket. */
function localAddrOf(socket: Socket, request: ConnectRequest): Addr {
  if ("path" in request) return { transport: "unix", path: "" };
  return { transport: "tcp", hostname: socket.localAddress ?? "", port: socket.localPort ?? 0 };
}
