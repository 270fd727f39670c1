import { Agent as HttpAgent, type AgentOptions as HttpAgentOptions } from "node:http";
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { connError } from "../../core/conn_error.ts";
import type { DialEvent } from "../../core/dial_event.ts";
import type { ContextDialer } from "../../core/dialer.ts";
import { requireDialer } from "../../core/is_dialer.ts";
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

/** How a {@linkcode NodeConnector} connects. */
export interface NodeConnectorOptions {
  /**
   * Milliseconds for the dial and the TLS handshake together. Running out is an error with the code `ETIMEDOUT`. Many
   * libraries have a limit that does not reach the connecting where it is done by another: undici, postgres and nodemailer
   * leave a dial open that they have given up, which this ends.
   *
   * @default {undefined} No limit but the dialer's own.
   */
  timeoutMs?: number | undefined;
  /** Receives each step of every dial as it happens. */
  onEvent?: ((event: DialEvent) => void) | undefined;
  /** What `tls.connect` takes besides, for all TLS: `ca`, `cert`, `key` … What a single call says goes before it. */
  tls?: ConnectionOptions | undefined;
}

/**
 * Told once how the connecting ended: with the stream, a {@linkcode ConnDuplex} or with TLS a
 * `tls.TLSSocket`, or with an `Error` and `null`. What it throws destroys a connected stream, which
 * emits it as `"error"`.
 */
// The callbacks of `node:http` and of undici have no type of the stream in common.
// deno-lint-ignore no-explicit-any
export type NodeConnectCallback = (error: Error | null, stream: any) => void;

/** The forms that {@linkcode NodeConnector.connect} can be called in. */
export interface NodeConnect {
  /**
   * Connects as options say, as `net.connect` and `tls.connect`.
   *
   * @param options Where to.
   * @param callback Told once, when the stream is connected or has failed.
   * @returns The stream.
   */
  (options: NodeConnectOptions, callback?: NodeConnectCallback | null): ConnDuplex | TLSSocket;
  /**
   * Connects to a port of this machine.
   *
   * @param port The port.
   * @param callback Told once, when the stream is connected or has failed.
   * @returns The stream.
   */
  (port: number, callback?: NodeConnectCallback | null): ConnDuplex;
  /**
   * Connects to a port of a host.
   *
   * @param port The port.
   * @param host The host, by default this machine.
   * @param callback Told once, when the stream is connected or has failed.
   * @returns The stream.
   */
  (
    port: number | string,
    host?: string | null,
    callback?: NodeConnectCallback | null,
  ): ConnDuplex;
  /**
   * Connects to a unix socket, or to where a URL says.
   *
   * @param path The path, or what begins as a URL does.
   * @param callback Told once, when the stream is connected or has failed.
   * @returns The stream.
   */
  (path: string, callback?: NodeConnectCallback | null): ConnDuplex | TLSSocket;
  /**
   * Connects to where a URL says: one with `http:`, `https:`, `ws:`, `wss:`, or with `tcp:` or `tls:` and a port. This is how
   * `http2.connect` calls its `createConnection`; with options, TLS offers the protocol `h2`.
   *
   * @param url The URL.
   * @param options As for the form with options, except for what the URL says.
   * @param callback Told once, when the stream is connected or has failed.
   * @returns The stream.
   */
  (
    url: URL | string,
    options?: object | null,
    callback?: NodeConnectCallback | null,
  ): ConnDuplex | TLSSocket;
}

/** A dialer in the forms that Node's own clients and others take. */
export interface NodeConnector {
  /**
   * Connects as `net.connect` and `tls.connect` do: answers a stream at once, which emits `"lookup"`, `"connect"`, with TLS
   * `"secureConnect"`, or `"error"`. Does TLS where `protocol` asks for it, and for every request of `node:https`.
   *
   * Goes as `connect` to undici's `Agent`, and as `createConnection` to `node:http`, `node:https`, `node:http2` and `ws`; for
   * `node:https` the agent is better, since Node takes port 80 for the default where there is none.
   *
   * Throws a `TypeError` or `RangeError` for arguments that are of none of its forms.
   */
  readonly connect: NodeConnect;
  /**
   * Makes a stream that is connected later, by its `connect`, in the forms of {@linkcode NodeConnector.connect}, except that
   * it does no TLS and its callback is a listener of `"connect"`. It is for drivers that make a socket before they know
   * where it is to go: `new pg.Client({ stream: connector.socket })`.
   *
   * @returns The stream. It has what is called on a `net.Socket`, and is typed as one, but is none.
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
   * @returns The agent, which resumes no TLS sessions.
   */
  readonly httpsAgent: (options?: HttpsAgentOptions) => HttpsAgent;
}

/**
 * Lets `node:http`, `node:https`, `ws`, undici and whatever else is built on Node's sockets dial through any dialer.
 *
 * **On Bun undici cannot be brought to it**: Bun puts its own undici in the package's place, which ignores `connect` and
 * dials directly, past any proxy. There use an agent with `node:http`. Bun has a `ws` of its own as well, which does take
 * both the agent and `createConnection`.
 *
 * **The runtime's own `fetch` cannot be brought to it either**: Deno's and Bun's ignore a `dispatcher` and dial directly, and
 * Node's takes one only of an undici like its own. Use the `fetch` of the package undici.
 *
 * @example
 * const connector = nodeConnector(dialer);
 * http.get("http://peer.example/", { agent: connector.httpAgent({ keepAlive: true }) });
 * new WebSocket("wss://peer.example/", { agent: connector.httpsAgent() });
 * undici.fetch("https://peer.example/", { dispatcher: new undici.Agent({ connect: connector.connect }) });
 *
 * @param dialer What makes the connections.
 * @param options How to connect.
 * @returns The dialer in the forms that others take.
 * @throws {TypeError | RangeError} If `dialer` is none, or an option is unusable; the message names
 *   it.
 */
export function nodeConnector(
  dialer: ContextDialer,
  options: NodeConnectorOptions = {},
): NodeConnector {
  requireDialer(dialer, "connect through");
  const { timeoutMs, onEvent, tls } = readOptions<NodeConnectorOptions>("nodeConnector", options, {
    timeoutMs: milliseconds(),
    onEvent: callbackCheck,
    // Its keys are those of `tls.connect`.
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

/** What all calls of one connector share. */
interface Connector extends DialSettings {
  readonly tls: ConnectionOptions | undefined;
}

/** Connects; `secure` says whether with TLS, where the request need not. */
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
  // A URL with `tls:` says nothing of what is spoken within.
  const offered = alpnProtocols ?? (request.protocol === "tls:" ? undefined : ["http/1.1"]);
  const defaults = { ...(offered && { ALPNProtocols: offered }), ...connector.tls };
  const secured = () => tlsOver(transport, request, defaults);
  return connectStream(
    { connector, transport, request, target, ...(withTls && { secured }) },
    callback,
  );
}

/** Begins to dial for a socket that was made before. */
function begin(connector: Connector, transport: ConnSocket, options: NodeConnectOptions): void {
  const request = readRequest(options);
  if (wantsTls(request)) {
    throw new TypeError("A socket of a connector does no TLS: use connect, or tls.connect over it");
  }
  connectStream({ connector, transport, request, target: targetOf(request) });
}

/** Of a peer's end the stream makes an end of its own, as a `net.Socket`, which agents rely on. */
const socketLike = { allowHalfOpen: false };

/** What one stream is connected by. */
interface StreamConnect {
  readonly connector: Connector;
  readonly transport: ConnDuplex;
  readonly request: ConnectRequest;
  readonly target: ReturnType<typeof targetOf>;
  /** Makes TLS over the transport, if that is wanted. */
  readonly secured?: () => TLSSocket;
}

function connectStream(
  { connector, transport, request, target, secured }: StreamConnect,
  callback?: NodeConnectCallback,
): ConnDuplex | TLSSocket {
  const { signal, timeout } = request;
  // Nothing is touched before it is known that there is something to do.
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
    // As `tls.connect` does of options that it cannot use.
    failed(transport, errorOf(error, "Cannot connect"), callback);
    if (stream !== transport) stream.on("error", () => {}).destroy();
    return transport;
  }
  const { timeoutMs } = connector;
  return whenConnected(stream, callback, { transport, signal, timeoutMs });
}

/** Fails a stream, which nothing is dialed for, or not any more. */
function failed(
  transport: ConnDuplex,
  error: Error,
  callback: NodeConnectCallback | undefined,
): ConnDuplex {
  whenConnected(transport, callback);
  return transport.destroy(error);
}

/** What ends the connecting, besides the dialer and the peer. */
interface Connecting {
  readonly transport: ConnDuplex;
  readonly signal?: AbortSignal | null | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Sees the connecting to its end: calls back once, whatever that is, and releases what it held. */
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
      // A stream that has failed already has said why.
      if (error === null) stream.destroy(errorOf(thrown, "Cannot go on: the callback failed"));
    }
  };
  const onConnected = () => settle(null);
  const onError = (error: unknown) => settle(errorOf(error, "Cannot connect"));
  const onClose = () => {
    settle(connError("ERR_STREAM_PREMATURE_CLOSE", "Cannot connect: the stream was destroyed"));
  };
  (stream as Duplex).on(connected, onConnected).on("close", onClose);
  // Without a callback an error that nobody listens to is uncaught, as it is of a `net.Socket`.
  if (callback !== undefined) stream.on("error", onError);
  return stream;
}
