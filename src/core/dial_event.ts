import type { Network } from "./dialer.ts";
import type { DialFailure } from "./dial_report.ts";

/** What every event has: which step it belongs to, and when it happened. */
export interface DialEventBase {
  /** The step; its start and its end share the number. Unique within the dial. */
  readonly id: number;
  /** The step within which this one happens; absent for the outermost dial. */
  readonly parent?: number;
  /** Milliseconds since the outermost dial began, by a monotonic clock. */
  readonly atMs: number;
}

/** The part of a {@linkcode DialEvent} that differs from type to type. */
export type DialEventBody =
  | {
    /** A dial begins. */
    readonly type: "dial-start";
    /** The network asked for. */
    readonly network: Network;
    /** The address asked for. */
    readonly address: string;
    /** The proxy it goes through, redacted, if any. */
    readonly via?: string;
  }
  | {
    /** A dial ended. */
    readonly type: "dial-end";
    /** Why it failed; absent on success. */
    readonly error?: DialFailure;
  }
  | {
    /** A name is being looked up. */
    readonly type: "lookup-start";
    /** The name. */
    readonly host: string;
    /** The address family asked for; absent for other records (TXT of `/dnsaddr`). */
    readonly family?: 4 | 6;
  }
  | {
    /** A lookup ended. */
    readonly type: "lookup-end";
    /** What was found, in the resolver's order. */
    readonly addresses: readonly string[];
    /** Why it failed; absent on success. */
    readonly error?: DialFailure;
  }
  | {
    /** A connection attempt to one address begins. */
    readonly type: "attempt-start";
    /** The address, as host:port or a path. */
    readonly address: string;
    /** The local address bound to, if one was asked for. */
    readonly localAddress?: string;
  }
  | {
    /** A connection attempt ended. */
    readonly type: "attempt-end";
    /** Why it failed; absent on success. */
    readonly error?: DialFailure;
    /** Set where another attempt won. */
    readonly lost?: true;
  }
  | {
    /** A handshake over an established connection begins. */
    readonly type: "handshake-start";
    /** The protocol: `socks5`, `http-connect`, `tls` … */
    readonly protocol: string;
    /** With whom, as host:port or a path. */
    readonly hop: string;
  }
  | {
    /** A handshake ended. */
    readonly type: "handshake-end";
    /** Why it failed; absent on success. */
    readonly error?: DialFailure;
  };

/**
 * One step of a dial as it happens; `id` and `parent` make the tree. Nothing in it is secret.
 *
 * A listener that throws does not disturb the dial: what it throws surfaces as an uncaught exception.
 */
export type DialEvent = DialEventBase & DialEventBody;
