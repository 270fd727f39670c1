import { Agent as HttpAgent, type AgentOptions as HttpAgentOptions } from "node:http";
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { connError } from "../../core/conn_error.ts";
import type { DialEvent } from "../../core/dial_event.ts";
import { type ContextDialer, requireDialer } from "../../core/dialer.ts";
import {
  anyObject,
  callback as callbackCheck,
  milliseconds,
  readOptions,
} from "../../core/options.ts";
import { onAbort } from "../../dial/signals.ts";
import { ConnDuplex, startDial } from "../conn_duplex.ts";
import { ConnSocket } from "./conn_socket.ts";
import { readConnectArgs } from "./connect_args.ts";
import { type DialSettings, requestDial } from "./connect_dial.ts";
import {
  type ConnectRequest,
  type NodeConnectOptions,
  readRequest,
  targetOf,
  wantsTls,
} from "./connect_request.ts";
import { abortError, errorOf } from "../error_of.ts";
import { tlsOver } from "./tls_over.ts";

/** Options of a {@linkcode NodeConnector}. */
export interface NodeConnectorOptions {
  /**
   * Milliseconds for the dial and the TLS handshake together. Exceeding them is an error with the
   * code `ETIMEDOUT`. Many libraries have a limit of their own that does not reach a custom connect
   * function: undici, postgres and nodemailer abandon such a dial without aborting it. This limit
   * aborts it.
   *
   * @default {undefined} No limit but the dialer's own.
   */
  timeoutMs?: number | undefined;
  /** Receives each step of every dial as it happens. */
  onEvent?: ((event: DialEvent) => void) | undefined;
  /**
   * Further options of `tls.connect` for all TLS connections: `ca`, `cert`, `key` … The options of
   * a single call take precedence.
   */
  tls?: ConnectionOptions | undefined;
}

/**
 * Called once with the result: with `null` and the stream, a {@linkcode ConnDuplex} or with TLS a
 * `tls.TLSSocket`, or with an `Error` and `null`. An error that it throws destroys a connected
 * stream, which emits it as `"error"`.
 */
// The callbacks of `node:http` and of undici have no common type of the stream.
// deno-lint-ignore no-explicit-any
export type NodeConnectCallback = (error: Error | null, stream: any) => void;

/** The forms of {@linkcode NodeConnector.connect}. */
export interface NodeConnect {
  /**
   * Connects with options, as `net.connect` and `tls.connect` do.
   *
   * @param options The target and the options of the connection.
   * @param callback Called once, when the stream is connected or has failed.
   * @returns The stream.
   */
  (options: NodeConnectOptions, callback?: NodeConnectCallback | null): ConnDuplex | TLSSocket;
  /**
   * Connects to a port of this machine.
   *
   * @param port The port.
   * @param callback Called once, when the stream is connected or has failed.
   * @returns The stream.
   */
  (port: number, callback?: NodeConnectCallback | null): ConnDuplex;
  /**
   * Connects to a port of a host.
   *
   * @param port The port.
   * @param host The host, by default this machine.
   * @param callback Called once, when the stream is connected or has failed.
   * @returns The stream.
   */
  (
    port: number | string,
    host?: string | null,
    callback?: NodeConnectCallback | null,
  ): ConnDuplex;
  /**
   * Connects to a unix socket, or to the target of a URL.
   *
   * @param path The path, or a URL as text.
   * @param callback Called once, when the stream is connected or has failed.
   * @returns The stream.
   */
  (path: string, callback?: NodeConnectCallback | null): ConnDuplex | TLSSocket;
  /**
   * Connects to the target of a URL with the scheme `http:`, `https:`, `ws:` or `wss:`, or with
   * `tcp:` or `tls:` and a port. `http2.connect` calls its `createConnection` in this form. With
   * options, TLS offers the protocol `h2`.
   *
   * @param url The URL.
   * @param options The options, as in the first form; the URL takes precedence.
   * @param callback Called once, when the stream is connected or has failed.
   * @returns The stream.
   */
  (
    url: URL | string,
    options?: object | null,
    callback?: NodeConnectCallback | null,
  ): ConnDuplex | TLSSocket;
}

/** A dialer in the forms that Node's own clients and other libraries accept. */
export interface NodeConnector {
  /**
   * Connects as `net.connect` and `tls.connect` do. It returns a stream at once. The stream emits
   * `"lookup"`, `"connect"` and, with TLS, `"secureConnect"`, or `"error"`. TLS is used if
   * `protocol` asks for it, and for every request of `node:https`.
   *
   * Use it as `connect` of undici's `Agent`, and as `createConnection` of `node:http`,
   * `node:https`, `node:http2` and `ws`. For `node:https` prefer the agent, since Node's default
   * port is 80 without it.
   *
   * Throws a `TypeError` or `RangeError` for arguments that are of none of its forms.
   */
  readonly connect: NodeConnect;
  /**
   * Makes a stream that its `connect` connects later. The forms are those of
   * {@linkcode NodeConnector.connect}, but there is no TLS, and the callback is a listener of
   * `"connect"`. It is for drivers that create a socket before they know the target:
   * `new pg.Client({ stream: connector.socket })`.
   *
   * @returns The stream. It is typed as a `net.Socket` and has its methods, but is not an instance
   *   of it.
   */
  readonly socket: () => Socket;
  /**
   * Makes an agent for `http:` and `ws:` requests.
   *
   * @param options As for `http.Agent`: `keepAlive`, `maxSockets` …
   * @returns The agent.
   */
  readonly httpAgent: (options?: HttpAgentOptions) => HttpAgent;
  /**
   * Makes an agent for `https:` and `wss:` requests.
   *
   * @param options As for `https.Agent`: `keepAlive`, `maxSockets`, `ca` …
   * @returns The agent, which does not resume TLS sessions.
   */
  readonly httpsAgent: (options?: HttpsAgentOptions) => HttpsAgent;
}

/**
 * Makes `node:http`, `node:https`, `ws`, undici and other libraries built on Node's sockets dial
 * through any dialer.
 *
 * **undici on Bun is not supported**: Bun replaces the package by its own undici, which ignores
 * `connect` and dials directly, past any proxy. Use an agent with `node:http` there. Bun also
 * replaces `ws`, but its version supports both the agent and `createConnection`.
 *
 * **The runtime's own `fetch` is not supported either**: on Deno and Bun it ignores a `dispatcher`
 * and dials directly, and on Node it accepts only one of its own version of undici. Use the `fetch`
 * of the package undici.
 *
 * @example
 * const connector = nodeConnector(dialer);
 * http.get("http://peer.example/", { agent: connector.httpAgent({ keepAlive: true }) });
 * new WebSocket("wss://peer.example/", { agent: connector.httpsAgent() });
 * const dispatcher = new undici.Agent({ connect: connector.connect });
 * undici.fetch("https://peer.example/", { dispatcher });
 *
 * @param dialer The dialer for the connections.
 * @param options Options of the connections.
 * @returns The connector.
 * @throws {TypeError | RangeError} If `dialer` is no dialer, or an option is unusable; the message
 *   names it.
 */
export function nodeConnector(
  dialer: ContextDialer,
  options: NodeConnectorOptions = {},
): NodeConnector {
  requireDialer(dialer, "connect through");
  const { timeoutMs, onEvent, tls } = readOptions<NodeConnectorOptions>("nodeConnector", options, {
    timeoutMs: milliseconds(),
    onEvent: callbackCheck,
    // Not checked: the keys are those of `tls.connect`.
    tls: anyObject,
  });
  const connector: Connector = { dialer, timeoutMs, onEvent, tls };
  const connectAs = (secure?: boolean) => (...args: unknown[]) => connect(connector, args, secure);
  return {
    connect: connectAs() as NodeConnect,
    socket: () =>
      new ConnSocket((socket, options) => begin(connector, socket, options)) as unknown as Socket,
    httpAgent: (agentOptions) =>
      Object.assign(new HttpAgent(agentOptions), { createConnection: connectAs(false) }),
    httpsAgent: (agentOptions) =>
      Object.assign(new HttpsAgent(agentOptions), { createConnection: connectAs(true) }),
  };
}

/** Settings shared by all calls of one connector. */
interface Connector extends DialSettings {
  readonly tls: ConnectionOptions | undefined;
}

/** Connects; `secure` sets whether TLS is used, else the request decides. */
function connect(
  connector: Connector,
  args: readonly unknown[],
  secure?: boolean,
): ConnDuplex | TLSSocket {
  const { options, callback: given, alpnProtocols } = readConnectArgs(args);
  const callback = given as NodeConnectCallback | undefined;
  const transport = new ConnDuplex(undefined, socketLike);
  let request: ConnectRequest;
  let withTls: boolean;
  try {
    request = readRequest(options);
    withTls = secure ?? wantsTls(request);
  } catch (error) {
    return failed(transport, errorOf(error, "Cannot read the options of the request"), callback);
  }
  const target = targetOf(request, withTls ? 443 : 80);
  // A URL with `tls:` does not imply an application protocol.
  const offered = alpnProtocols ?? (request.protocol === "tls:" ? undefined : ["http/1.1"]);
  const defaults = { ...(offered && { ALPNProtocols: offered }), ...connector.tls };
  const secured = () => tlsOver(transport, request, defaults);
  return connectStream(
    { connector, transport, request, target, ...(withTls && { secured }) },
    callback,
  );
}

/** Starts the dial of a socket from `socket()`. */
function begin(connector: Connector, transport: ConnSocket, options: NodeConnectOptions): void {
  const request = readRequest(options);
  if (wantsTls(request)) {
    throw new TypeError("A socket of a connector does no TLS: use connect, or tls.connect over it");
  }
  connectStream({ connector, transport, request, target: targetOf(request) });
}

/** Makes the stream end with the peer, as a `net.Socket` does by default; agents rely on it. */
const socketLike = { allowHalfOpen: false };

/** The parts of one connecting stream. */
interface StreamConnect {
  readonly connector: Connector;
  readonly transport: ConnDuplex;
  readonly request: ConnectRequest;
  readonly target: ReturnType<typeof targetOf>;
  /** Adds TLS to the transport, if requested. */
  readonly secured?: () => TLSSocket;
}

function connectStream(
  { connector, transport, request, target, secured }: StreamConnect,
  callback?: NodeConnectCallback,
): ConnDuplex | TLSSocket {
  const { signal, timeout } = request;
  // Checked first, so that an aborted request has no effects.
  if (signal?.aborted) return failed(transport, abortError(signal.reason), callback);
  let dial: ReturnType<typeof requestDial>;
  try {
    dial = requestDial(connector, request, target, transport);
  } catch (error) {
    return failed(transport, errorOf(error, "Cannot connect"), callback);
  }
  startDial(transport, dial);
  let stream: ConnDuplex | TLSSocket = transport;
  try {
    if (secured !== undefined) stream = secured();
    if (timeout) stream.setTimeout(timeout);
  } catch (error) {
    // `tls.connect` throws for unusable options.
    failed(transport, errorOf(error, "Cannot connect"), callback);
    if (stream !== transport) stream.on("error", () => {}).destroy();
    return transport;
  }
  const { timeoutMs } = connector;
  return whenConnected(stream, callback, { transport, signal, timeoutMs });
}

/** Fails a stream without a pending dial. */
function failed(
  transport: ConnDuplex,
  error: Error,
  callback: NodeConnectCallback | undefined,
): ConnDuplex {
  whenConnected(transport, callback);
  return transport.destroy(error);
}

/** Further causes that end a pending connect, besides the dialer and the peer. */
interface Connecting {
  readonly transport: ConnDuplex;
  readonly signal?: AbortSignal | null | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Calls back once with the result of the connect, and releases its timer and listeners. */
function whenConnected<Stream extends ConnDuplex | TLSSocket>(
  stream: Stream,
  callback: NodeConnectCallback | undefined,
  { transport, signal, timeoutMs }: Partial<Connecting> = {},
): Stream {
  const connected = stream instanceof ConnDuplex ? "connect" : "secureConnect";
  const limit = timeoutMs === undefined ? undefined : setTimeout(() => {
    transport!.destroy(connError("ETIMEDOUT", `Cannot connect: timed out after ${timeoutMs} ms`));
  }, timeoutMs);
  const unlink = onAbort(
    signal ?? undefined,
    () => void transport!.destroy(abortError(signal!.reason)),
  );
  const settle = (error: Error | null) => {
    clearTimeout(limit);
    unlink();
    (stream as Duplex).off(connected, onConnected).off("error", onError).off("close", onClose);
    try {
      callback?.(error, error === null ? stream : null);
    } catch (thrown) {
      // A failed stream has already emitted its error.
      if (error === null) stream.destroy(errorOf(thrown, "Cannot go on: the callback failed"));
    }
  };
  const onConnected = () => settle(null);
  const onError = (error: unknown) => settle(errorOf(error, "Cannot connect"));
  const onClose = () => {
    settle(connError("ERR_STREAM_PREMATURE_CLOSE", "Cannot connect: the stream was destroyed"));
  };
  (stream as Duplex).on(connected, onConnected).on("close", onClose);
  // Without a callback or listener an error is uncaught, as with a `net.Socket`.
  if (callback !== undefined) stream.on("error", onError);
  return stream;
}
