import { requireSignal } from "../../core/dial_options.ts";
import type { Network } from "../../core/addr.ts";
import { joinHostPort } from "../../core/host_port.ts";
import { valueKind } from "../../core/value_kind.ts";
import type { NodeLookup } from "./node_lookup.ts";

/**
 * What {@linkcode NodeConnector.connect} reads of its options, where `null` is as good as
 * `undefined`. For TLS, all that `tls.connect` takes goes on to it.
 */
export interface NodeConnectOptions {
  /**
   * The host to dial.
   *
   * @default {"localhost"}
   */
  host?: string | null | undefined;
  /** The host to dial, before `host`. */
  hostname?: string | null | undefined;
  /**
   * The port to dial.
   *
   * @default 443 with TLS, else 80; `connect` of a {@linkcode NodeConnector.socket} needs it.
   */
  port?: number | string | null | undefined;
  /** The path of a unix socket, to dial that instead. */
  socketPath?: string | null | undefined;
  /** As `socketPath`, where there is neither `host`, `hostname` nor `port`; else what a request asks for. */
  path?: string | null | undefined;
  /** `"https:"`, `"wss:"` and `"tls:"` ask for TLS. */
  protocol?: string | null | undefined;
  /**
   * The name to ask the server for, and to verify.
   *
   * @default The host, unless it is an IP address.
   */
  servername?: string | null | undefined;
  /**
   * The address family to dial over: 4 or 6, which a dialer is asked for as `tcp4` or `tcp6`; 0 for
   * either.
   */
  family?: number | string | null | undefined;
  /**
   * Looks the host up, unless it is an IP address, as `dns.lookup` does. The dialer is given the
   * addresses that it answers, and no name; TLS still asks for the host.
   */
  lookup?: NodeLookup | null | undefined;
  /** Refused: the dialer has its own, such as the option of `systemDialer`. */
  localAddress?: string | null | undefined;
  /** Refused: the dialer has its own, such as the option of `systemDialer`. */
  localPort?: number | null | undefined;
  /** Milliseconds without traffic after which the stream emits `"timeout"`, as for `net.connect`. */
  timeout?: number | null | undefined;
  /**
   * Aborts the connecting, and nothing after it. The error is its reason, or an `AbortError` with
   * the reason as its `cause` where that is no `Error`.
   */
  signal?: AbortSignal | null | undefined;
}

/** A request as it was when the call was made. */
export type ConnectRequest = NodeConnectOptions & {
  readonly hints?: unknown;
  readonly _defaultAgent?: { readonly protocol?: string };
};

/** Takes the request as it is now: its getters may throw, or answer otherwise another time. */
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
  // A request of `node:https` without a URL, as `ws` makes them, has it in its default agent alone.
  const protocol = request.protocol ?? request._defaultAgent?.protocol;
  return protocol === "https:" || protocol === "wss:" || protocol === "tls:";
}

/** Where a request goes. */
export type ConnectTarget = { readonly path: string } | {
  readonly host: string;
  readonly port: number;
};

/**
 * Tells where a request goes.
 *
 * @param request The request.
 * @param defaultPort The port of one that has none; without this, it needs one.
 * @throws {TypeError | RangeError} If it says nothing that can be dialed.
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
  // Refuses one that cannot be.
  joinHostPort(host, Number(port));
  return { host, port: Number(port) };
}

/** Whether a path is that of a socket: the requests of `node:http` have one besides the host. */
function isAlone({ host, hostname, port }: ConnectRequest): boolean {
  return [host, hostname, port].every((value) => value === undefined || value === null);
}

/** The host of a request, without brackets. */
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
 * Tells over what a request is to be dialed.
 *
 * @param request The request.
 * @returns The network.
 * @throws {TypeError} If it asks for what no dialer can do; the message names the option.
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
