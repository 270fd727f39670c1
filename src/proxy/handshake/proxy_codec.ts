import type { ProxyErrorCode } from "../../core/dial_error_code.ts";

/** The reply with which a proxy refused. */
export type ProxyReply =
  | {
    /** The protocol of the reply code. */
    readonly protocol: "socks5" | "socks4";
    /** The reply code, or the status of the credentials. */
    readonly code: number;
  }
  | {
    readonly protocol: "http-connect";
    /** The status code. */
    readonly status: number;
    /**
     * The proxy's reason phrase, without control characters and secrets of the request; may be
     * empty.
     */
    readonly reason: string;
    /** The values of the Proxy-Authenticate fields, shortened and cleaned likewise. */
    readonly challenges: readonly string[];
    /** The beginning of the body, cleaned likewise. */
    readonly excerpt: string;
  };

/** The failure of a handshake. It contains no secrets. */
export interface ProxyFailure {
  readonly code: ProxyErrorCode;
  /** One line, without a full stop. */
  readonly message: string;
  /**
   * Which side is at fault: a proxy that reports an unreachable target is not to blame. Absent if
   * the proxy closed the connection instead of answering the request: either side may be the cause.
   */
  readonly blame?: "proxy" | "target";
  /** The proxy's reply, if it refused within its protocol. */
  readonly reply?: ProxyReply;
  /** Set if the same handshake may succeed step by step over a new connection. */
  readonly retrySequentially?: true;
}

/**
 * State of a handshake.
 *
 * - `open`: write `send`, then read on.
 * - `done`: the tunnel is open; `leftover` are its first bytes, which arrived with the reply.
 * - `failing`: the proxy refused, but the excerpt of the body is incomplete. Read on for a short
 *   time, then call `end()`.
 * - `failed`: the handshake is over.
 */
export type CodecStep =
  | { readonly state: "open"; readonly send?: Uint8Array }
  | { readonly state: "done"; readonly leftover: Uint8Array }
  | { readonly state: "failing"; readonly failure: ProxyFailure }
  | { readonly state: "failed"; readonly failure: ProxyFailure };

/**
 * One handshake with a proxy as a state machine without I/O: it receives bytes and returns bytes to
 * send. The result does not depend on how the bytes are split.
 */
export interface ProxyCodec {
  /** The name of the protocol in events. */
  readonly protocol: string;
  /**
   * Limit of the next read, so that the handshake reads hardly any bytes of the tunnel; at least 1
   * while the state is open.
   */
  readonly readBytes: number;
  /**
   * Which side the handshake waits for. A proxy that may be waiting for the target is not to blame
   * for a timeout.
   */
  readonly waitsFor: "proxy" | "target";
  /**
   * Whether the proxy required the credentials and accepted them, if the protocol has a separate
   * answer to them.
   */
  readonly tookCredentials?: boolean;
  /** Begins; called once. */
  start(): CodecStep;
  /**
   * Receives the bytes of a read. The caller may reuse the chunk afterwards. Must not be called
   * once done or failed.
   */
  receive(chunk: Uint8Array): CodecStep;
  /**
   * Ends the handshake, after the proxy closed the connection or the wait for the excerpt timed
   * out.
   */
  end(): CodecStep & { readonly state: "failed" };
}

/**
 * Makes the step of a failed handshake.
 *
 * @param failure The failure.
 * @returns The step.
 */
export function failed(failure: ProxyFailure): CodecStep & { readonly state: "failed" } {
  return { state: "failed", failure };
}

/**
 * Makes the failure of a proxy that does not speak its protocol.
 *
 * @param message The error in the answer.
 * @returns The failure.
 */
export function protocolFailure(message: string): ProxyFailure {
  return { code: "ERR_PROXY_PROTOCOL", message, blame: "proxy" };
}

/**
 * Makes the failure of a proxy that closed the connection. If it closes before it answers the
 * request, the side at fault is unknown: `ssh -D` and proxy-chain do so for an unreachable target.
 *
 * @param asked The message that the proxy had to answer.
 * @param begun Whether part of the answer arrived.
 * @returns The failure.
 */
export function closedFailure(
  asked: "greeting" | "credentials" | "request",
  begun: boolean,
): ProxyFailure {
  const when = begun ? "while" : "before";
  return {
    code: "ERR_PROXY_CLOSED",
    message: `proxy closed the connection ${when} it answered the ${asked}`,
    ...((begun || asked !== "request") && { blame: "proxy" }),
  };
}

/**
 * Describes a proxy of another protocol by the first byte of its answer.
 *
 * @param first The byte.
 * @param expected The name of the expected protocol.
 * @returns A sentence without a full stop.
 */
export function notProtocolMessage(first: number, expected: string): string {
  const hex = `0x${first.toString(16).padStart(2, "0")}`;
  const guess = first === 0x48
    ? "; it may be an HTTP server"
    : first === 0x15
    ? "; it may want TLS"
    : first === 0x53
    ? "; it may be an SSH server"
    : "";
  return `the proxy does not speak ${expected}: it answered ${hex}${guess}`;
}
