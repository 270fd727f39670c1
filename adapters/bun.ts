import type { Addr } from "../src/core/addr.ts";
import { closedError, connError } from "../src/core/conn_error.ts";
import type { ContextDialer } from "../src/core/dialer.ts";
import { PushConn } from "../src/core/push_conn.ts";
import {
  type ConnectDone,
  type Connector,
  type ConnectRequest,
  remoteAddrOf,
} from "../src/resolve/connector.ts";
import { netDialer } from "../src/resolve/net_dialer.ts";
import type { NetDialerOptions } from "../src/resolve/net_dialer_options.ts";
import { connectFailure, failLater } from "./connect_failure.ts";
import { zoneFailure } from "./local_interface.ts";
import { netConnector } from "./net_connector.ts";

/**
 * Makes a dialer over `Bun.connect`, as `systemDialer` does on Bun.
 *
 * A pending `Bun.connect` cannot be cancelled: an aborted one is abandoned, and holds a descriptor and the process until the
 * kernel gives up. So that there are never more than 16 of them, dials beyond 16 pending ones go through `node:net`, whose
 * sockets can be destroyed. Bun reports an unreachable network or host as `ECONNREFUSED`.
 *
 * @example
 * const dialer = bunDialer({ timeoutMs: 5_000 });
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 *
 * @param options How the dialer behaves.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If an option is unusable; the message names it.
 */
export function bunDialer(options: NetDialerOptions = {}): ContextDialer {
  return netDialer(bunConnector(options), options);
}

/** The most connects that may be pending at once, since each may have to be abandoned. */
const mostPending = 16;
let pending = 0;

function bunConnector(options: NetDialerOptions): Connector {
  const { keepAlive = 15_000, noDelay = true } = options;
  const throughNode = netConnector(options);
  const opened = (socket: BunSocket, request: ConnectRequest) => {
    if (!("path" in request)) {
      // No-delay is what Bun's sockets begin with.
      if (!noDelay) socket.setNoDelay(false);
      if (keepAlive !== false) socket.setKeepAlive(true, keepAlive);
    }
    return new BunConn(socket, request);
  };
  return {
    connect(request, done, cancellable) {
      if (pending >= mostPending) return throughNode.connect(request, done, cancellable);
      const failure = "path" in request ? undefined : zoneFailure(request.host);
      if (failure !== undefined) return failLater(failure, done);
      return open(request, opened, done);
    },
  };
}

/** What a socket's callbacks know of it: the attempt while it connects, then the connection. */
interface Context {
  connected(socket: BunSocket): void;
  failed(error: unknown): void;
  conn?: BunConn;
}

type IpRequest = Exclude<ConnectRequest, { path: string }>;

function open(
  request: ConnectRequest,
  opened: (socket: BunSocket, request: ConnectRequest) => BunConn,
  done: ConnectDone,
): () => void {
  let settled = false;
  let cancelled = false;
  const settle = () => {
    if (settled) return false;
    settled = true;
    pending--;
    return true;
  };
  const context: Context = {
    connected(socket) {
      if (!settle()) return;
      if (cancelled) return socket.close();
      done(undefined, context.conn = opened(socket, request));
    },
    failed(error) {
      if (!settle() || cancelled) return;
      connectFailure(error, request).then((failure) => cancelled || done(failure));
    },
  };
  pending++;
  try {
    const options = { allowHalfOpen: true, data: context, socket: handlers };
    const connecting = "path" in request
      ? Bun.connect({ ...options, unix: request.path })
      : Bun.connect({ ...options, ...ipTarget(request) });
    connecting.catch(context.failed);
  } catch (error) {
    queueMicrotask(() => context.failed(error));
  }
  return () => cancelled = true;
}

function ipTarget(request: IpRequest): { hostname: string; port: number } {
  const { host: hostname, port, family, localAddress, localPort } = request;
  if (localAddress === undefined && localPort === undefined) return { hostname, port };
  // Bun ignores a local port without a local address; its types know neither.
  const local = { localAddress: localAddress ?? (family === 4 ? "0.0.0.0" : "::"), localPort };
  return { hostname, port, ...local };
}

/** One set of callbacks for all sockets; each socket's `data` is its context. */
const handlers: BunHandlers = {
  open: (socket) => socket.data.connected(socket),
  connectError: (socket, error) => socket.data.failed(error),
  data: (socket, chunk) => socket.data.conn?.onData(chunk),
  drain: (socket) => socket.data.conn?.onDrain(),
  end: (socket) => socket.data.conn?.onEnd(),
  error: (socket, error) => socket.data.conn?.onError(error),
  close: (socket, error) => socket.data.conn?.onClose(error),
};

/** Data flows from the start, and stops at the first that nobody waits for: pausing at once costs system calls. */
class BunConn extends PushConn {
  readonly #socket: BunSocket;
  /** The write under way: what is left of it, and who waits. */
  #sending: { rest: Uint8Array; resolve: () => void; reject: (error: unknown) => void } | undefined;

  constructor(socket: BunSocket, request: ConnectRequest) {
    // The addresses are undefined once the socket is closed.
    super(localAddrOf(socket, request), remoteAddrOf(request), true);
    this.#socket = socket;
    // A paused socket would hold the process.
    socket.unref();
  }

  onData(chunk: Uint8Array): void {
    if (!this.push(chunk)) this.#socket.pause();
  }

  onEnd(): void {
    this.pushEnd();
  }

  onError(error: unknown): void {
    this.pushError(error);
    this.#failSending(error);
  }

  /** Also called where the peer's FIN comes after the local one. */
  onClose(error: unknown): void {
    if (error !== undefined && error !== null) this.onError(error);
    else this.pushEnd();
    if (this.#sending !== undefined) this.#failSending(this.failure ?? brokenPipe());
  }

  onDrain(): void {
    const sending = this.#sending;
    // Bun may call this with nothing to send.
    if (sending === undefined) return;
    const count = this.#socket.write(sending.rest);
    if (count < 0) return this.#failSending(this.failure ?? brokenPipe());
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

  protected resume(): void {
    this.#socket.resume();
  }

  protected send(data: Uint8Array): Promise<void> | undefined {
    const count = this.#socket.write(data);
    if (count === data.byteLength) return undefined;
    if (count < 0) return Promise.reject(this.failure ?? brokenPipe());
    return new Promise((resolve, reject) => {
      this.#sending = { rest: data.subarray(count), resolve, reject };
    });
  }

  protected shutdown(): Promise<void> {
    this.#socket.shutdown();
    return Promise.resolve();
  }

  protected destroy(reset: boolean): void {
    // First, since Bun calls `close` from within, which would pass for the peer's end.
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
    this.#socket.setKeepAlive(keepAlive);
  }
}

function brokenPipe(): Error {
  return connError("EPIPE", "Cannot write: the connection is closed");
}

function localAddrOf(socket: BunSocket, request: ConnectRequest): Addr {
  if ("path" in request) return { transport: "unix", path: "" };
  return { transport: "tcp", hostname: socket.localAddress ?? "", port: socket.localPort ?? 0 };
}

/** What is used of a Bun socket. */
interface BunSocket {
  readonly data: Context;
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

interface BunHandlers {
  open(socket: BunSocket): void;
  connectError(socket: BunSocket, error: unknown): void;
  data(socket: BunSocket, chunk: Uint8Array): void;
  drain(socket: BunSocket): void;
  end(socket: BunSocket): void;
  error(socket: BunSocket, error: unknown): void;
  close(socket: BunSocket, error?: unknown): void;
}

/** What is used of Bun; a test checks it against Bun's own types. */
declare const Bun: {
  connect(
    options:
      & { allowHalfOpen: boolean; data: Context; socket: BunHandlers }
      & ({ unix: string } | { hostname: string; port: number }),
  ): Promise<unknown>;
};
