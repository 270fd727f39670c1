import type { IpcNetConnectOpts, TcpNetConnectOpts } from "node:net";
import type { ConnectDone, Connector, ConnectRequest } from "../../src/net/connector.ts";
import type { NetDialerConfig } from "../../src/net/net_dialer_options.ts";
import { anyLocalAddress, connectFailure, failLater } from "./connect_failure.ts";
import { DialSocket } from "./dial_socket.ts";
import { resolveZones } from "./resolve_zones.ts";
import { NodeConn, sharedBuffer } from "./node_conn.ts";

/** Connects over `node:net`. */
export function netConnector(
  { keepAlive, keepAliveMs, noDelay }: Pick<
    NetDialerConfig,
    "keepAlive" | "keepAliveMs" | "noDelay"
  >,
): Connector {
  const opened = (socket: DialSocket, request: ConnectRequest) => {
    if (!noDelay) socket.setNoDelay(false);
    return new NodeConn(socket, request, keepAliveMs);
  };
  return {
    connect(request, done) {
      if ("path" in request) {
        const opts = { path: request.path, allowHalfOpen: true, onread: reading() };
        return openSocket(opts, request, opened, done);
      }
      const ends = resolveZones(request);
      if ("code" in ends) return failLater(ends, done);
      const { localPort, port } = request;
      const opts: TcpOpts = {
        // Explicit, because missing properties would be read from `Object.prototype`, which may be
        // polluted.
        ...{ path: undefined, localAddress: undefined, localPort: undefined, signal: undefined },
        host: ends.host,
        port,
        allowHalfOpen: true,
        // Bun's sockets always start with no-delay, and disable only what was enabled by an option.
        noDelay: true,
        keepAlive,
        keepAliveInitialDelay: keepAliveMs,
        onread: reading(),
      };
      if (ends.localAddress !== undefined || localPort !== undefined) {
        // Bun ignores a local port without a local address.
        opts.localAddress = ends.localAddress ?? anyLocalAddress(request);
        if (localPort !== undefined) opts.localPort = localPort;
      }
      return openSocket(opts, request, opened, done);
    },
  };
}

type TcpOpts = TcpNetConnectOpts & { path?: undefined; onread: Reading };
type UnixOpts = IpcNetConnectOpts & { onread: Reading };

/** How a socket reads: into a buffer, whose filled length is passed to `callback`. */
interface Reading {
  buffer: () => Uint8Array;
  callback: (count: number, buffer: Uint8Array) => boolean;
  conn: NodeConn | undefined;
}

function reading(): Reading {
  const reading: Reading = {
    buffer: () => reading.conn?.nextBuffer() ?? sharedBuffer,
    callback: (count, buffer) => reading.conn === undefined || reading.conn.onRead(count, buffer),
    conn: undefined,
  };
  return reading;
}

function openSocket(
  opts: TcpOpts | UnixOpts,
  request: ConnectRequest,
  opened: (socket: DialSocket, request: ConnectRequest) => NodeConn,
  done: ConnectDone,
): () => void {
  // Cleared at the end of the dial, because the listeners live as long as the socket.
  let dial: { request: ConnectRequest; done: ConnectDone } | undefined = { request, done };
  let cancelled = false;
  // The listeners keep this alone, not all options.
  const { onread } = opts;
  const endDial = () => {
    const ended = dial;
    dial = undefined;
    return ended;
  };
  // `net.connect({ signal })` keeps listening after "connect" and would destroy an established
  // socket, so cancelling is wired by hand.
  const socket = new DialSocket(opts).connect(opts);
  // Nothing is read before the first read, so early data stays in the system's buffer.
  socket.pause();
  socket.once("connect", () => {
    const ended = endDial();
    if (ended === undefined) return;
    ended.done(undefined, onread.conn = opened(socket, ended.request));
  });
  socket.on("error", (error) => {
    if (onread.conn !== undefined) return onread.conn.onError(error);
    const ended = endDial();
    if (ended === undefined) return;
    connectFailure(error, ended.request).then((failure) => cancelled || ended.done(failure));
  });
  return () => {
    cancelled = true;
    dial = undefined;
    socket.destroy();
  };
}
