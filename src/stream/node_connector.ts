import { Agent as HttpAgent, type AgentOptions as HttpAgentOptions } from "node:http";
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions } from "node:https";
import type { Duplex } from "node:stream";
import { connect as tlsConnect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { connError } from "../core/conn_error.ts";
import type { ContextDialer } from "../core/dialer.ts";
import { joinHostPort } from "../core/host_port.ts";
import { requireDialer } from "../core/is_dialer.ts";
import { onAbort } from "../core/signals.ts";
import { ipFamily } from "../resolve/ip_literal.ts";
import { ConnDuplex } from "./conn_duplex.ts";
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
  /** Aborts the connecting, and nothing after it. */
  signal?: AbortSignal | null;
}

/**
 * Told once how the connecting ended: with the stream, a {@linkcode ConnDuplex} or with TLS a `tls.TLSSocket`, or with the error
 * and `null`.
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
 * @throws {TypeError} If `dialer` is none.
 * @throws {RangeError} If `timeoutMs` is not a finite number above 0.
 */
export function nodeConnector(
  dialer: ContextDialer,
  options: NodeConnectorOptions = {},
): NodeConnector {
  requireDialer(dialer, "connect through");
  const { timeoutMs } = options;
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs < 2 ** 31)) {
    throw new RangeError(`timeoutMs must be between 1 and ${2 ** 31 - 1} ms, not ${timeoutMs}`);
  }
  const plain = (call: NodeConnectOptions, callback?: NodeConnectCallback) =>
    connectPlain(dialer, options, call, callback);
  const secure = (call: NodeConnectOptions, callback?: NodeConnectCallback) =>
    connectSecure(dialer, options, call, callback);
  return {
    connect: (call, callback) => (wantsTLS(call) ? secure : plain)(call, callback),
    httpAgent: (agentOptions) =>
      Object.assign(new HttpAgent(agentOptions), { createConnection: plain }),
    httpsAgent: (agentOptions) =>
      Object.assign(new HttpsAgent(agentOptions), { createConnection: secure }),
  };
}

function wantsTLS(call: NodeConnectOptions & { _defaultAgent?: { protocol?: string } }): boolean {
  // A request of `node:https` without a URL says so nowhere but in its default agent, on all runtimes; `ws` makes such.
  const protocol = call.protocol ?? call._defaultAgent?.protocol;
  return protocol === "https:" || protocol === "wss:";
}

function connectPlain(
  dialer: ContextDialer,
  options: NodeConnectorOptions,
  call: NodeConnectOptions,
  callback?: NodeConnectCallback,
): ConnDuplex {
  const stream = dialStream(dialer, call, 80);
  whenConnected(stream, stream, "connect", options.timeoutMs, call, callback);
  return stream;
}

function connectSecure(
  dialer: ContextDialer,
  { tls, timeoutMs }: NodeConnectorOptions,
  call: NodeConnectOptions,
  callback?: NodeConnectCallback,
): TLSSocket {
  const transport = dialStream(dialer, call, 443);
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
  linkFlow(stream, transport);
  // The handle of a TLSSocket over a stream does not know what keeps the process alive.
  stream.ref = () => (transport.ref(), stream);
  stream.unref = () => (transport.unref(), stream);
  whenConnected(stream, transport, "secureConnect", timeoutMs, call, callback);
  return stream;
}

/** Starts to dial. Of a peer's end the stream makes an end of its own, as a `net.Socket`, which agents rely on. */
function dialStream(
  dialer: ContextDialer,
  call: NodeConnectOptions,
  defaultPort: number,
): ConnDuplex {
  return new ConnDuplex((signal) => {
    if (call.socketPath) return dialer.dialContext("unix", call.socketPath, { signal });
    return dialer.dialContext("tcp", addressOf(call, defaultPort), { signal });
  }, { allowHalfOpen: false });
}

function whenConnected(
  stream: Duplex & { setTimeout(timeoutMs: number): unknown },
  transport: ConnDuplex,
  connected: "connect" | "secureConnect",
  timeoutMs: number | undefined,
  { signal, timeout }: NodeConnectOptions,
  callback: NodeConnectCallback | undefined,
): void {
  if (timeout) stream.setTimeout(timeout);
  const limit = timeoutMs === undefined ? undefined : setTimeout(() => {
    transport.destroy(connError("ETIMEDOUT", `Cannot connect: timed out after ${timeoutMs} ms`));
  }, timeoutMs);
  const abort = () => transport.destroy(signal?.reason);
  const unlink = onAbort(signal ?? undefined, abort);
  if (signal?.aborted) abort();
  const settle = () => {
    clearTimeout(limit);
    unlink();
    stream.off(connected, onConnected).off("close", settle);
    if (callback !== undefined) stream.off("error", onError);
  };
  const onConnected = () => {
    settle();
    callback?.(null, stream);
  };
  const onError = (error: Error) => {
    settle();
    callback?.(error, null);
  };
  stream.on(connected, onConnected).on("close", settle);
  if (callback !== undefined) stream.on("error", onError);
}

function hostOf({ hostname, host }: NodeConnectOptions): string {
  return (hostname || host || "localhost").replace(/^\[(.*)\]$/, "$1");
}

function addressOf(call: NodeConnectOptions, defaultPort: number): string {
  return joinHostPort(hostOf(call), Number(call.port || defaultPort));
}

/** A client's `ca: undefined` shall not undo the connector's. */
function definedOf(call: object): object {
  return Object.fromEntries(Object.entries(call).filter(([, value]) => value != null));
}
