import { requireSignal } from "../../core/dial_options.ts";
import type { Network } from "../../core/addr.ts";
import { joinHostPort } from "../../core/host_port.ts";
import { valueKind } from "../../core/value_kind.ts";
import type { NodeLookup } from "./node_lookup.ts";

/**
 * The options of {@linkcode NodeConnector.connect}; `null` means the same as `undefined`. With TLS,
 * all options of `tls.connect` are passed on.
 */
export interface NodeConnectOptions {
  /**
   * The host to dial.
   *
   * @default {"localhost"}
   */
  host?: string | null | undefined;
  /** The host to dial; takes precedence over `host`. */
  hostname?: string | null | undefined;
  /**
   * The port to dial.
   *
   * @default 443 with TLS, else 80; `connect` of a {@linkcode NodeConnector.socket} requires it.
   */
  port?: number | string | null | undefined;
  /** The path of a unix socket to dial instead of a host. */
  socketPath?: string | null | undefined;
  /**
   * The same as `socketPath` if `host`, `hostname` and `port` are absent. Otherwise it is the path
   * of an HTTP request and has no effect.
   */
  path?: string | null | undefined;
  /** `"https:"`, `"wss:"` and `"tls:"` ask for TLS. */
  protocol?: string | null | undefined;
  /**
   * The name to send to the server (SNI) and to verify. An IP address is verified and not sent. A
   * Unicode name becomes A-labels; a dot at the end and the zone of an address are removed.
   *
   * @default The host, unless it is an IP address.
   */
  servername?: string | null | undefined;
  /**
   * The address family to dial over: 4 (`tcp4`), 6 (`tcp6`), or 0 for either.
   */
  family?: number | string | null | undefined;
  /**
   * Resolves the host as `dns.lookup` does, unless it is an IP address. The dialer receives the
   * addresses instead of the name; TLS still uses the name.
   */
  lookup?: NodeLookup | null | undefined;
  /** Not supported: it is an option of the dialer, such as `systemDialer`. */
  localAddress?: string | null | undefined;
  /** Not supported: it is an option of the dialer, such as `systemDialer`. */
  localPort?: number | null | undefined;
  /** Milliseconds of inactivity before the stream emits `"timeout"`, as for `net.connect`. */
  timeout?: number | null | undefined;
  /**
   * Aborts a pending connect; once connected, the signal has no effect. The error is the reason of
   * the signal if that is an `Error`, else an `AbortError` with the reason as its `cause`.
   */
  signal?: AbortSignal | null | undefined;
}

/** A snapshot of a request at the time of the call. */
export type ConnectRequest = NodeConnectOptions & {
  readonly hints?: unknown;
  readonly _defaultAgent?: { readonly protocol?: string };
};

/** Copies the options once, since their getters may throw or change their values. */
export function readRequest(options: NodeConnectOptions): ConnectRequest {
  const { host, hostname, port, socketPath, path, protocol, servername } = options;
  const { family, lookup, localAddress, localPort, timeout, signal } = options;
  const { hints, _defaultAgent } = options as ConnectRequest;
  if (signal !== undefined && signal !== null) requireSignal(signal);
  return {
    ...options,
    ...{ host, hostname, port, socketPath, path, protocol, servername },
    ...{ family, lookup, localAddress, localPort, timeout, signal, hints },
    ...(_defaultAgent && { _defaultAgent }),
  };
}

/** Whether a request asks for TLS. */
export function wantsTls(request: ConnectRequest): boolean {
  // A request of `node:https` without a URL, as `ws` makes it, has the protocol only there.
  const protocol = request.protocol ?? request._defaultAgent?.protocol;
  return protocol === "https:" || protocol === "wss:" || protocol === "tls:";
}

/** The target of a request. */
export type ConnectTarget = { readonly path: string } | {
  readonly host: string;
  readonly port: number;
};

/**
 * Returns the target of a request.
 *
 * @param request The request.
 * @param defaultPort The port of a request without one; if absent, the request must have a port.
 * @throws {TypeError | RangeError} If the request has no valid target.
 */
export function targetOf(request: ConnectRequest, defaultPort?: number): ConnectTarget {
  const { port } = request;
  const path = textOf("socketPath", request.socketPath) ||
    (isAlone(request) ? textOf("path", request.path) : undefined);
  if (path) return { path };
  const host = hostOf(request);
  if (port === undefined || port === null || port === "") {
    if (defaultPort !== undefined) return { host, port: defaultPort };
    throw new TypeError("connect needs a port or a path");
  }
  const isNumeric = typeof port === "number" || typeof port === "string" && /^[0-9]+$/.test(port);
  if (!isNumeric) throw new TypeError(`port must be a number, not ${valueKind(port)}`);
  // Throws for an invalid port.
  joinHostPort(host, Number(port));
  return { host, port: Number(port) };
}

/** Whether `path` is that of a socket: a request of `node:http` has a host and a path. */
function isAlone({ host, hostname, port }: ConnectRequest): boolean {
  return [host, hostname, port].every((value) => value === undefined || value === null);
}

/** The host of a request, without the brackets of IPv6. */
export function hostOf({ hostname, host }: ConnectRequest): string {
  const named = textOf("hostname", hostname) || textOf("host", host) || "localhost";
  return named.replace(/^\[(.*)\]$/, "$1");
}

function textOf(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null || typeof value === "string") return value ?? undefined;
  throw new TypeError(`${name} must be a string, not ${valueKind(value)}`);
}

const networks = new Map<unknown, Network>([
  ...([[undefined, "tcp"], [null, "tcp"], [0, "tcp"], [4, "tcp4"], [6, "tcp6"]] as const),
  ...([["IPv4", "tcp4"], ["IPv6", "tcp6"]] as const),
]);

/**
 * Returns the network for a request.
 *
 * @param request The request.
 * @returns The network.
 * @throws {TypeError} If no dialer can meet the request; the message names the option.
 */
export function networkOf(request: ConnectRequest): Network {
  const { family, lookup, localAddress, localPort } = request;
  // As in Node, an empty address and the port 0 leave the choice to the system.
  if (localAddress) throw ownOption("localAddress");
  if (localPort) throw ownOption("localPort");
  if (lookup !== undefined && lookup !== null && typeof lookup !== "function") {
    throw new TypeError(`lookup must be a function, not ${valueKind(lookup)}`);
  }
  const network = networks.get(family);
  if (network === undefined) throw new TypeError("family must be 0, 4 or 6");
  return network;
}

function ownOption(name: string): TypeError {
  return new TypeError(
    `${name} of a single connection is not supported: ` +
      `make the dialer with it, as in systemDialer({ ${name} })`,
  );
}
