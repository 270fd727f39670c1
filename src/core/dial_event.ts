import type { Network } from "./addr.ts";
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
    /** Set where the runtime is given the name, since neither its lookup nor its addresses are permitted. */
    readonly byName?: true;
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
    /** The name that the peer has to prove, where that is not the one in `hop`. */
    readonly name?: string;
  }
  | {
    /** A handshake ended. */
    readonly type: "handshake-end";
    /** Why it failed; absent on success. */
    readonly error?: DialFailure;
  }
  | {
    /** A pause begins, such as the back-off between two attempts. */
    readonly type: "wait-start";
    /** What the dial waits for, as in `waiting …`. */
    readonly why: string;
    /** How long it is to take, in milliseconds. */
    readonly ms: number;
  }
  | {
    /** A pause ended. */
    readonly type: "wait-end";
    /** Why it ended early; absent where it took its time. */
    readonly error?: DialFailure;
  }
  | {
    /** A dial waits for its turn. */
    readonly type: "queue-start";
    /** What it waits for, as in `queued for …`. */
    readonly why: string;
  }
  | {
    /** The turn of a dial came, or it gave up. */
    readonly type: "queue-end";
    /** Why it gave up; absent where its turn came. */
    readonly error?: DialFailure;
  }
  | {
    /** A failed dial is made again. */
    readonly type: "retry";
    /** The number of the retry, from 1. */
    readonly number: number;
    /** Why: the failure before it. */
    readonly why: string;
  }
  | {
    /** A rule decided which way the dial goes. */
    readonly type: "route";
    /** The rule. */
    readonly rule: string;
  }
  | {
    /** One of several dialers was chosen. */
    readonly type: "choose";
    /** The dialer. */
    readonly member: string;
    /** Why that one. */
    readonly why: string;
  }
  | {
    /** A pool was asked for a connection. */
    readonly type: "pool";
    /** Whether it had one. */
    readonly hit: boolean;
  }
  | {
    /** An address was not allowed. */
    readonly type: "deny";
    /** The address, as host:port or a path. */
    readonly address: string;
    /** Why. */
    readonly why: string;
  };

/**
 * One step of a dial as it happens; `id` and `parent` make the tree. Nothing in it is secret.
 *
 * A listener that throws does not disturb the dial: what it throws surfaces as an uncaught exception.
 */
export type DialEvent = DialEventBase & DialEventBody;
