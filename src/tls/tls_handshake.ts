import { connect, type TLSSocket } from "node:tls";
import type { Conn } from "../core/conn.ts";
import type { DialErrorCode } from "../core/dial_error_code.ts";
import { describeCode, systemErrorCode } from "../core/error_reason.ts";
import { onAbort } from "../dial/signals.ts";
import { ipFamily } from "../ip/ip_literal.ts";
import type { ConnDuplex } from "../stream/conn_duplex.ts";
import { toDuplex } from "../stream/to_duplex.ts";
import { certificateFailure } from "./certificate_failure.ts";
import { SessionConn } from "./tls_conn.ts";
import type { TlsConfig } from "./tls_options.ts";

/** Why a handshake failed. */
export class TlsHandshakeError {
  readonly code: DialErrorCode;
  /** The reason in plain words, for messages. */
  readonly reason: string;
  readonly cause: unknown;

  constructor(code: DialErrorCode, reason: string, cause: unknown) {
    this.code = code;
    this.reason = reason;
    this.cause = cause;
  }
}

/**
 * Does a TLS handshake over a connection, as the client. Closes the connection on failure.
 *
 * @param conn The connection, which the TLS session owns from now on.
 * @param serverName The name or IP address of the peer; `undefined` to send no SNI.
 * @param config The checked TLS options.
 * @param signal Aborts the handshake.
 * @returns The TLS connection.
 * @throws {TlsHandshakeError} If the handshake failed.
 * @throws `signal.reason`, as it is.
 */
export function tlsHandshake(
  conn: Conn,
  serverName: string | undefined,
  config: TlsConfig,
  signal: AbortSignal | undefined,
): Promise<SessionConn> {
  const transport = toDuplex(conn);
  // The socket emits the transport's errors.
  transport.on("error", () => {});
  const socket = connect({
    socket: transport,
    secureContext: config.secureContext,
    servername: serverName === undefined || ipFamily(serverName) !== undefined ? "" : serverName,
    ...(config.alpnProtocols.length > 0 && { ALPNProtocols: config.alpnProtocols }),
    // Verified by `certificateFailure`, which needs the certificate after a failed check.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  const endedCleanly = watchEnd(socket, transport);
  return new Promise((resolve, reject) => {
    const settle = () => {
      clearTimeout(timer);
      unlink();
      socket.off("secureConnect", onSecure).off("error", onError).off("close", onClose);
    };
    const fail = (reason: unknown) => {
      settle();
      // Later errors are irrelevant, but without a listener they would be uncaught.
      socket.on("error", () => {}).destroy();
      transport.destroy();
      reject(reason);
    };
    const onSecure = () => {
      const failure = config.verify ? certificateFailure(socket, serverName!) : undefined;
      if (failure !== undefined) {
        return fail(new TlsHandshakeError(failure.code, failure.reason, failure.cause));
      }
      settle();
      // Constructed synchronously, so that errors have a listener at any time.
      resolve(new SessionConn({ socket, transport, endedCleanly }, conn));
    };
    const onError = (error: Error) => fail(failureOf(error));
    const onClose = () => fail(brokenOff(undefined));
    socket.on("secureConnect", onSecure).on("error", onError).on("close", onClose);
    const { handshakeTimeoutMs } = config;
    const timer = handshakeTimeoutMs === undefined
      ? undefined
      : setTimeout(() => fail(timedOut(handshakeTimeoutMs)), handshakeTimeoutMs);
    const unlink = onAbort(signal, () => fail(signal!.reason));
  });
}

/**
 * Detects whether the peer ended by `close_notify`. `node:tls` treats an end of the connection
 * below as an end of TLS, on every runtime. Only the order differs: with a `close_notify` the
 * socket ends before the transport does, since the alert is still among the transport's bytes.
 */
function watchEnd(socket: TLSSocket, transport: ConnDuplex): () => boolean {
  let clean = false;
  const { push } = socket;
  socket.push = (chunk, encoding) => {
    if (chunk === null && !transport.readableEnded) clean = true;
    return push.call(socket, chunk, encoding);
  };
  return () => clean;
}

function failureOf(error: Error): TlsHandshakeError {
  const code = systemErrorCode(error);
  if (code === "ECONNRESET" || code === "EPIPE") return brokenOff(error);
  if (code !== undefined) return new TlsHandshakeError(code, describeCode(code)!, error);
  const { reason } = error as { reason?: unknown };
  const why = typeof reason === "string" ? reason : error.message;
  return new TlsHandshakeError(
    "ERR_TLS_HANDSHAKE",
    `TLS handshake failed: ${why.trim().replace(/\s+/g, " ").toLowerCase()}`,
    error,
  );
}

function brokenOff(cause: unknown): TlsHandshakeError {
  return new TlsHandshakeError("ECONNRESET", "the peer broke off the TLS handshake", cause);
}

function timedOut(timeoutMs: number): TlsHandshakeError {
  const reason = `TLS handshake timed out after ${timeoutMs} ms`;
  return new TlsHandshakeError("ETIMEDOUT", reason, new DOMException(reason, "TimeoutError"));
}
