import type { ProxyErrorCode } from "../../core/dial_error_code.ts";

/** What a proxy answered when it refused. */
export type ProxyReply =
  | {
    /** Which protocol the reply code belongs to. */
    readonly protocol: "socks5" | "socks4";
    /** The reply code, or the status of the credentials. */
    readonly code: number;
  }
  | {
    readonly protocol: "http-connect";
    /** The status code. */
    readonly status: number;
    /** The proxy's reason phrase, without control characters and our own secrets; may be empty. */
    readonly reason: string;
    /** The values of the Proxy-Authenticate fields, shortened, likewise. */
    readonly challenges: readonly string[];
    /** The beginning of the body, likewise. */
    readonly excerpt: string;
  };

/** Why a handshake failed. Nothing in it is secret. */
export interface ProxyFailure {
  readonly code: ProxyErrorCode;
  /** One line for a person, without a full stop. */
  readonly message: string;
  /**
   * Which side is at fault: a proxy that reports its target down is not to blame. Absent where the
   * proxy hung up instead of answering the request, for which either may be the reason.
   */
  readonly blame?: "proxy" | "target";
  /** What the proxy answered, where it refused in the words of its protocol. */
  readonly reply?: ProxyReply;
  /** Set where the same handshake, sent step by step over a new connection, may succeed. */
  readonly retrySequentially?: true;
}

/**
 * Where a handshake stands.
 *
 * - `open`: it goes on; `send` is to be written, then more is to be read.
 * - `done`: the tunnel is there; `leftover` are its first bytes, which came together with the
 *   reply.
 * - `failing`: refused for certain; what may still come is the excerpt, which this failure does not
 *   have yet. Read on for a moment at most, then call `end()`.
 * - `failed`: over.
 */
export type CodecStep =
  | { readonly state: "open"; readonly send?: Uint8Array }
  | { readonly state: "done"; readonly leftover: Uint8Array }
  | { readonly state: "failing"; readonly failure: ProxyFailure }
  | { readonly state: "failed"; readonly failure: ProxyFailure };

/**
 * One handshake with a proxy as a state machine without I/O: takes bytes in any split, gives bytes
 * to send. What it answers does not depend on the split.
 */
export interface ProxyCodec {
  /** The protocol, as events name it. */
  readonly protocol: string;
  /**
   * How much to read next at most, so that next to nothing of the tunnel is read; at least 1 while
   * it is open.
   */
  readonly readBytes: number;
  /**
   * Whose turn it is: where a proxy may be waiting for the target, it is not to blame for its
   * silence.
   */
  readonly waitsFor: "proxy" | "target";
  /**
   * Whether the proxy asked for the credentials and accepted them, where the protocol has an answer
   * to them alone.
   */
  readonly tookCredentials?: boolean;
  /** Begins; called once. */
  start(): CodecStep;
  /**
   * Takes what was read. The chunk may be reused afterwards. Not to be called once done or failed.
   */
  receive(chunk: Uint8Array): CodecStep;
  /**
   * Takes note that the proxy closed the connection, or that nobody waits for more of the excerpt.
   */
  end(): CodecStep & { readonly state: "failed" };
}

/**
 * Makes the step of a failed handshake.
 *
 * @param failure Why it failed.
 * @returns The step.
 */
export function failed(failure: ProxyFailure): CodecStep & { readonly state: "failed" } {
  return { state: "failed", failure };
}

/**
 * Makes the failure of a proxy that does not speak its protocol.
 *
 * @param message What is wrong with the answer.
 * @returns The failure.
 */
export function protocolFailure(message: string): ProxyFailure {
  return { code: "ERR_PROXY_PROTOCOL", message, blame: "proxy" };
}

/**
 * Makes the failure of a proxy that closed the connection. Where it was asked for a target and has
 * not begun to answer, nobody can tell why: `ssh -D` and proxy-chain do just that for a target that
 * is down.
 *
 * @param asked What it was to answer.
 * @param begun Whether the beginning of its answer is there.
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
 * Says what a proxy seems to be instead of what it should be, by the first byte of its answer.
 *
 * @param first The byte.
 * @param expected The name of the protocol that was expected.
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
