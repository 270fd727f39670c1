import "../node/shortage_probe.ts";
import type { ContextDialer } from "../../src/core/dialer.ts";
import type { ConnectDone, Connector, ConnectRequest } from "../../src/net/connector.ts";
import { netDialer } from "../../src/net/net_dialer.ts";
import type { NetDialerConfig } from "../../src/net/net_dialer_options.ts";
import { BunConn, type BunSocket } from "./bun_conn.ts";
import { anyLocalAddress, connectFailure, failLater } from "../node/connect_failure.ts";
import { type Ends, resolveZones } from "../node/resolve_zones.ts";
import { netConnector } from "../node/net_connector.ts";

/** Makes a dialer over `Bun.connect` of checked options. */
export function configuredBunDialer(config: NetDialerConfig): ContextDialer {
  return netDialer(bunConnector(config), config);
}

/** The limit of pending connects, because each may have to be abandoned. */
const mostPending = 16;
let pending = 0;

function bunConnector(config: NetDialerConfig): Connector {
  const { keepAlive, keepAliveMs, noDelay } = config;
  const throughNode = netConnector(config);
  const opened = (socket: BunSocket, request: ConnectRequest) => {
    if (!("path" in request)) {
      // Bun's sockets start with no-delay.
      if (!noDelay) socket.setNoDelay(false);
      if (keepAlive) socket.setKeepAlive(true, keepAliveMs);
    }
    return new BunConn(socket, request, keepAliveMs);
  };
  return {
    connect(request, done, cancellable) {
      if (pending >= mostPending) return throughNode.connect(request, done, cancellable);
      if ("path" in request) return open(request, { unix: request.path }, opened, done);
      const ends = resolveZones(request);
      if ("code" in ends) return failLater(ends, done);
      return open(request, ipTarget(request, ends), opened, done);
    },
  };
}

/** The state in a socket's callbacks: the attempt while it connects, then the connection. */
interface Context {
  attempt: {
    connected(socket: OpenSocket): void;
    failed(error: unknown): void;
  } | undefined;
  conn: BunConn | undefined;
}

type OpenSocket = BunSocket & { readonly data: Context };

type IpRequest = Exclude<ConnectRequest, { path: string }>;
type Target = { unix: string } | { hostname: string; port: number };

function open(
  request: ConnectRequest,
  target: Target,
  opened: (socket: BunSocket, request: ConnectRequest) => BunConn,
  done: ConnectDone,
): () => void {
  let cancelled = false;
  const context: Context = { attempt: undefined, conn: undefined };
  const settle = () => {
    if (context.attempt === undefined) return false;
    context.attempt = undefined;
    pending--;
    return true;
  };
  const failed = (error: unknown) => {
    if (!settle() || cancelled) return;
    connectFailure(error, request).then((failure) => cancelled || done(failure));
  };
  context.attempt = {
    connected(socket) {
      if (!settle()) return;
      if (cancelled) return socket.close();
      done(undefined, context.conn = opened(socket, request));
    },
    failed,
  };
  pending++;
  try {
    Bun.connect({ allowHalfOpen: true, data: context, socket: handlers, ...target })
      .catch(failed);
  } catch (error) {
    queueMicrotask(() => failed(error));
  }
  return () => cancelled = true;
}

function ipTarget(request: IpRequest, { host: hostname, localAddress }: Ends): Target {
  const { port, localPort } = request;
  if (localAddress === undefined && localPort === undefined) return { hostname, port };
  // Bun ignores a local port without a local address; its types declare neither.
  const local = { localAddress: localAddress ?? anyLocalAddress(request), localPort };
  return { hostname, port, ...local };
}

/** One set of callbacks for all sockets; each socket's `data` is its context. */
const handlers: BunHandlers = {
  open: (socket) => socket.data.attempt?.connected(socket),
  connectError: (socket, error) => socket.data.attempt?.failed(error),
  data: (socket, chunk) => socket.data.conn?.onData(chunk),
  drain: (socket) => socket.data.conn?.onDrain(),
  end: (socket) => socket.data.conn?.onEnd(),
  error: (socket, error) => socket.data.conn?.onError(error),
  close: (socket, error) => socket.data.conn?.onClose(error),
};

interface BunHandlers {
  open(socket: OpenSocket): void;
  connectError(socket: OpenSocket, error: unknown): void;
  data(socket: OpenSocket, chunk: Uint8Array): void;
  drain(socket: OpenSocket): void;
  end(socket: OpenSocket): void;
  error(socket: OpenSocket, error: unknown): void;
  close(socket: OpenSocket, error?: unknown): void;
}

/** The used part of Bun; a test checks it against Bun's own types. */
declare const Bun: {
  connect(
    options:
      & { allowHalfOpen: boolean; data: Context; socket: BunHandlers }
      & ({ unix: string } | { hostname: string; port: number }),
  ): Promise<unknown>;
};
