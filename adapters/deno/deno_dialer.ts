import "../node/shortage_probe.ts";
import type { Addr } from "../../src/core/addr.ts";
import type { ContextDialer } from "../../src/core/dialer.ts";
import { joinHostPort } from "../../src/core/host_port.ts";
import {
  type ConnectDone,
  type ConnectFailure,
  type Connector,
  type ConnectRequest,
  localAddrOf,
  remoteAddrOf,
} from "../../src/net/connector.ts";
import { netDialer } from "../../src/net/net_dialer.ts";
import type { NetDialerConfig } from "../../src/net/net_dialer_options.ts";
import { anyLocalAddress, denoDenial, failLater } from "../node/connect_failure.ts";
import { DenoConn, denoErrorCode, type DenoSocket } from "./deno_conn.ts";
import { isLinkLocal, resolveZones } from "../node/resolve_zones.ts";
import { netConnector } from "../node/net_connector.ts";

/**
 * Makes a dialer over Deno's sockets of checked options.
 *
 * @param config The options.
 * @param chosen The sockets that the caller chose.
 * @throws {TypeError} If those cannot do what an option asks.
 */
export function configuredDenoDialer(
  config: NetDialerConfig,
  chosen?: "native" | "node",
): ContextDialer {
  const needsNode = Object.keys(config.localAddress).length > 0
    ? "localAddress"
    : config.localPort !== undefined
    ? "localPort"
    : config.setsKeepAliveMs
    ? "keepAlive"
    : undefined;
  const api = chosen ?? (needsNode === undefined ? "native" : "node");
  if (api === "native" && needsNode !== undefined) {
    throw new TypeError(`Deno.connect cannot set ${needsNode}: leave api: "native" away`);
  }
  return netDialer(api === "node" ? nodeConnector(config) : denoConnector(config), config);
}

function nodeConnector(config: NetDialerConfig): Connector {
  const connector = netConnector(config);
  return {
    connect(request, done, cancellable) {
      const failure = "path" in request ? undefined : nodeFailure(request);
      if (failure !== undefined) return failLater(failure, done);
      return connector.connect(request, done, cancellable);
    },
  };
}

/**
 * Why Deno's `node:net` cannot make an attempt, where its own error would be misleading or
 * uncatchable.
 */
function nodeFailure(request: IpRequest): ConnectFailure | undefined {
  const { host, localAddress, localPort } = request;
  for (const address of [host, localAddress]) {
    if (address?.includes("%") && isLinkLocal(address)) {
      return { code: "EINVAL", reason: `Deno's node:net takes no address with a zone, ${address}` };
    }
  }
  if ((localAddress ?? localPort) === undefined) return undefined;
  const local = joinHostPort(anyLocalAddress(request), localPort ?? 0);
  const { state } = Deno.permissions.requestSync({ name: "net", host: local });
  if (state === "granted") return undefined;
  return { code: "EACCES", reason: `Requires net access to "${local}"` };
}

function denoConnector(config: NetDialerConfig): Connector {
  const { keepAlive, noDelay } = config;
  const opened = (conn: DenoSocket, localAddr: Addr, remoteAddr: Addr) => {
    if (remoteAddr.transport === "tcp") {
      if (noDelay) conn.setNoDelay!(true);
      if (keepAlive) conn.setKeepAlive!(true);
    }
    return new DenoConn(conn, localAddr, remoteAddr);
  };
  return {
    connect(request, done, cancellable) {
      const toConn = (conn: DenoSocket) => {
        const { hostname: localAddress, port: localPort } = conn.localAddr;
        const local = localAddrOf({ localAddress, localPort }, request);
        return opened(conn, local, remoteAddrOf(request));
      };
      if ("path" in request) {
        // `Deno.connect` ignores the signal here, so a socket that opens late is closed.
        return open(() => Deno.connect({ transport: "unix", path: request.path }), toConn, done);
      }
      const ends = resolveZones(request);
      if ("code" in ends) return failLater(ends, done);
      const { port } = request;
      const { host: hostname } = ends;
      if (!cancellable) return openForGood(Deno.connect({ hostname, port }), toConn, done);
      return open((signal) => Deno.connect({ hostname, port, signal }), toConn, done);
    },
    connectName(hostname, port, done) {
      return open(
        (signal) => Deno.connect({ hostname, port, signal }),
        (conn) => opened(conn, conn.localAddr as Addr, conn.remoteAddr as Addr),
        done,
      );
    },
  };
}

type IpRequest = Exclude<ConnectRequest, { path: string }>;

function open(
  connect: (signal: AbortSignal) => Promise<DenoSocket>,
  opened: (conn: DenoSocket) => DenoConn,
  done: ConnectDone,
): () => void {
  const controller = new AbortController();
  // The last step of `Deno.connect` is this call. If it threw, the open connection would be
  // unreachable and never closed.
  controller.signal.throwIfAborted = () => {};
  let cancelled = false;
  connect(controller.signal).then(
    (conn) => cancelled ? conn.close() : finish(conn, opened, done),
    (error) => cancelled || done(connectFailure(error)),
  );
  return () => {
    cancelled = true;
    controller.abort();
  };
}

/** Without a signal, which costs a tenth of a dial. */
function openForGood(
  connecting: Promise<DenoSocket>,
  opened: (conn: DenoSocket) => DenoConn,
  done: ConnectDone,
): () => void {
  connecting.then((conn) => finish(conn, opened, done), (error) => done(connectFailure(error)));
  return () => {};
}

function finish(
  socket: DenoSocket,
  opened: (conn: DenoSocket) => DenoConn,
  done: ConnectDone,
): void {
  let conn;
  try {
    conn = opened(socket);
  } catch (error) {
    // A socket that the peer has reset already may reject options.
    socket.close();
    return done(connectFailure(error));
  }
  done(undefined, conn);
}

function connectFailure(error: unknown): ConnectFailure {
  const denied = denoDenial(error);
  if (denied !== undefined) return denied;
  const known = denoErrorCode(error);
  if (known !== undefined) return { code: known, cause: error };
  const { message } = error as Error;
  if (/failed to lookup address/.test(message)) {
    return { code: /Temporary failure/.test(message) ? "EAI_AGAIN" : "ENOTFOUND", cause: error };
  }
  return { code: "ERR_DIAL_FAILED", cause: error };
}

/** The used part of Deno; a test checks it against Deno's own types. */
declare const Deno: {
  connect(
    options:
      | { hostname: string; port: number; signal?: AbortSignal }
      | { transport: "unix"; path: string },
  ): Promise<DenoSocket>;
  permissions: {
    requestSync(descriptor: { name: "net"; host: string }): { state: string };
  };
};
