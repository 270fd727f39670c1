import { Agent as HttpAgent, type AgentOptions as HttpAgentOptions } from "node:http";
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions } from "node:https";
import type { Duplex } from "node:stream";
import { connect as tlsConnect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { connError } from "../core/conn_error.ts";
import { requireSignal } from "../core/dial_options.ts";
import type { ContextDialer } from "../core/dialer.ts";
import { joinHostPort } from "../core/host_port.ts";
import { requireDialer } from "../core/is_dialer.ts";
import { anyObject, milliseconds, readOptions } from "../core/options.ts";
import { onAbort } from "../core/signals.ts";
import { makeDialer } from "../dial/compose_dialer.ts";
import { ipFamily } from "../resolve/ip_literal.ts";
import { ConnDuplex } from "./conn_duplex.ts";
import { abortError, errorOf } from "./error_of.ts";
import { linkFlow } from "./link_flow.ts";

/** How a {@linkcode NodeConnector} connects. */
export interface NodeConnectorOptions {
  /**
   * Milliseconds for the dial and the TLS handshake together. Running out is an error with the code `ETIMEDOUT`.
   *
   * @default {undefined} No limit but the dialer's own.
   */
  timeoutMs?: number;
  /** What `tls.connect` takes besides, for all TLS: `ca`, `cert`, `key` … What a single call says goes before it. */
  tls?: ConnectionOptions;
}

/** What {@linkcode NodeConnector.connect} reads of its options. For TLS, all that `tls.connect` takes goes on to it. */
export interface NodeConnectOptions {
  /**
   * The host to dial.
   *
   * @default {"localhost"}
   */
  host?: string | null;
  /** The host to dial, before `host`. */
  hostname?: string | null;
  /**
   * The port to dial.
   *
   * @default 443 with TLS, else 80.
   */
  port?: number | string | null;
  /** The path of a unix socket, to dial that instead. */
  socketPath?: string | null;
  /** `"https:"` and `"wss:"` ask for TLS. */
  protocol?: string | null;
  /**
   * The name to ask the server for, and to verify.
   *
   * @default The host, unless it is an IP address.
   */
  servername?: string | null;
  /** Milliseconds without traffic after which the stream emits `"timeout"`, as for `net.connect`. */
  timeout?: number | null;
  /**
   * Aborts the connecting, and nothing after it. The error is its reason, or an `AbortError` with
   * the reason as its `cause` where that is no `Error`.
   */
  signal?: AbortSignal | null;
}

/**
 * Told once how the connecting ended: with the stream, a {@linkcode ConnDuplex} or with TLS a
 * `tls.TLSSocket`, or with an `Error` and `null`. What it throws destroys a connected stream, which
 * emits it as `"error"`.
 */
// The callbacks of `node:http` and of undici have no type of the stream in common.
// deno-lint-ignore no-explicit-any
export type NodeConnectCallback = (error: Error | null, stream: any) => void;

/** A dialer in the forms that Node's own clients and others take. */
export interface NodeConnector {
  /**
   * Connects as `net.connect` and `tls.connect` do: answers a stream at once, which emits `"connect"`, with TLS
   * `"secureConnect"`, or `"error"`. Does TLS where `protocol` asks for it, and for every request of `node:https`.
   *
   * Goes as `connect` to undici's `Agent`, and as `createConnection` to `node:http`, `node:https` and `ws`; for
   * `node:https` the agent is better, since Node takes port 80 for the default where there is none.
   *
   * @param options Where to.
   * @param callback Told once, when the stream is connected or has failed.
   * @returns The stream.
   */
  readonly connect: (
    options: NodeConnectOptions,
    callback?: NodeConnectCallback,
  ) => ConnDuplex | TLSSocket;
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
  const { timeoutMs, tls } = readOptions<NodeConnectorOptions>("nodeConnector", options, {
    timeoutMs: milliseconds(),
    // Its keys are those of `tls.connect`.
    tls: anyObject,
  });
  const connector: Connector = {
    // Whatever the dialer throws or answers, this one answers a connection or fails with an error.
    dialer: makeDialer({ name: "stream", over: dialer, run: (dial) => dial.pass(dialer) }),
    timeoutMs,
    tls,
  };
  const connectAs = (secure?: boolean) => {
    return (call: NodeConnectOptions, callback?: NodeConnectCallback) =>
      connect(connector, call, callback, secure);
  };
  return {
    connect: connectAs(),
    httpAgent: (agentOptions) =>
      Object.assign(new HttpAgent(agentOptions), { createConnection: connectAs(false) }),
    httpsAgent: (agentOptions) =>
      Object.assign(new HttpsAgent(agentOptions), { createConnection: connectAs(true) }),
  };
}

/** What all calls of one connector share. */
interface Connector {
  readonly dialer: ContextDialer;
  readonly timeoutMs: number | undefined;
  readonly tls: ConnectionOptions | undefined;
}

/** A request as it was when the call was made. */
type ReadCall = NodeConnectOptions & { _defaultAgent?: { protocol?: string } };

/** Connects; `secure` says whether with TLS, where the request need not. */
function connect(
  connector: Connector,
  call: NodeConnectOptions,
  callback: NodeConnectCallback | undefined,
  secure?: boolean,
): ConnDuplex | TLSSocket {
  let read: ReadCall;
  let withTLS: boolean;
  try {
    read = readCall(call);
    withTLS = secure ?? wantsTLS(read);
  } catch (error) {
    return failedStream(errorOf(error, "Cannot read the options of the request"), callback);
  }
  const { signal, timeout } = read;
  const target = targetOf(read, withTLS ? 443 : 80);
  // Nothing is touched before it is known that there is something to do.
  if (signal?.aborted) return failedStream(abortError(signal.reason), callback);
  const transport = new ConnDuplex(
    (signal) => connector.dialer.dialContext(...target, { signal }),
    // Of a peer's end the stream makes an end of its own, as a `net.Socket`, which agents rely on.
    { allowHalfOpen: false },
  );
  let stream: ConnDuplex | TLSSocket = transport;
  try {
    if (withTLS) stream = secured(transport, connector.tls, read);
    if (timeout) stream.setTimeout(timeout);
  } catch (error) {
    // As `tls.connect` does of options that it cannot use.
    transport.destroy(errorOf(error, "Cannot connect"));
    if (stream !== transport) stream.on("error", () => {}).destroy();
    return whenConnected(transport, callback);
  }
  const { timeoutMs } = connector;
  return whenConnected(stream, callback, { transport, signal, timeoutMs });
}

/** Takes the request as it is now: its getters may throw, or answer otherwise another time. */
function readCall(call: NodeConnectOptions): ReadCall {
  const { host, hostname, port, socketPath, protocol, servername, timeout, signal } = call;
  const { _defaultAgent } = call as ReadCall;
  if (signal !== undefined && signal !== null) requireSignal(signal);
  const named = { host, hostname, port, socketPath, protocol, servername, timeout, signal };
  return { ...call, ...named, ...(_defaultAgent && { _defaultAgent }) };
}

function wantsTLS(call: ReadCall): boolean {
  // A request of `node:https` without a URL, as `ws` makes them, has it in its default agent alone.
  const protocol = call.protocol ?? call._defaultAgent?.protocol;
  return protocol === "https:" || protocol === "wss:";
}

function secured(
  transport: ConnDuplex,
  tls: ConnectionOptions | undefined,
  call: ReadCall,
): TLSSocket {
  const host = hostOf(call);
  const { signal: _signal, timeout: _timeout, ...rest } = call;
  const stream = tlsConnect({
    ALPNProtocols: ["http/1.1"],
    ...tls,
    ...definedOf(rest),
    host,
    servername: call.servername || (ipFamily(host) === undefined ? host : ""),
    // Here it is no path of a socket, but at times that of a request.
    path: undefined,
    socket: transport,
  });
  // The socket emits the transport's errors; Bun destroys the transport with those of the socket.
  transport.on("error", () => {});
  linkFlow(stream, transport);
  // The handle of a TLSSocket over a stream does not know what keeps the process alive.
  stream.ref = () => (transport.ref(), stream);
  stream.unref = () => (transport.unref(), stream);
  return stream;
}

/** A stream that fails without having dialed. */
function failedStream(error: Error, callback: NodeConnectCallback | undefined): ConnDuplex {
  return whenConnected(new ConnDuplex(() => Promise.reject(error)), callback);
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

type Target = [network: "tcp" | "unix", address: string];

function targetOf(call: ReadCall, defaultPort: number): Target {
  if (call.socketPath) return ["unix", call.socketPath];
  return ["tcp", joinHostPort(hostOf(call), Number(call.port || defaultPort))];
}

function hostOf({ hostname, host }: NodeConnectOptions): string {
  return (hostname || host || "localhost").replace(/^\[(.*)\]$/, "$1");
}

/** A client's `ca: undefined` shall not undo the connector's. */
function definedOf(call: object): object {
  return Object.fromEntries(Object.entries(call).filter(([, value]) => value != null));
}
