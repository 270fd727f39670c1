import type { Network } from "./addr.ts";
import type { DialFailure } from "./dial_report.ts";

/** An event that begins a step. */
export type StepStart =
  | {
    /** A dial begins. */
    readonly type: "dial-start";
    /** The requested network. */
    readonly network: Network;
    /** The requested address. */
    readonly address: string;
    /** The proxy it goes through, redacted, if any. */
    readonly via?: string;
  }
  | {
    /** A name is being looked up. */
    readonly type: "lookup-start";
    /** The name. */
    readonly host: string;
    /** The requested address family; absent for other records (TXT of `/dnsaddr`). */
    readonly family?: 4 | 6;
  }
  | {
    /** A connection attempt to one address begins. */
    readonly type: "attempt-start";
    /** The address, as host:port or a path. */
    readonly address: string;
    /** The local address to bind to, if one is configured. */
    readonly localAddress?: string;
    /** Set where the runtime receives the name: the permissions cover no lookup and no address. */
    readonly byName?: true;
  }
  | {
    /** A handshake over an established connection begins. */
    readonly type: "handshake-start";
    /** The protocol: `socks5`, `http-connect`, `tls` … */
    readonly protocol: string;
    /** The peer of the handshake, as host:port or a path. */
    readonly hop: string;
    /** The name that the peer has to prove, where it differs from the one in `hop`. */
    readonly name?: string;
  }
  | {
    /** A pause begins, such as the back-off between two attempts. */
    readonly type: "wait-start";
    /** What the dial waits for, as in `waiting …`. */
    readonly why: string;
    /** The planned duration in milliseconds. */
    readonly ms: number;
  }
  | {
    /** A dial enters a queue. */
    readonly type: "queue-start";
    /** What it waits for, as in `queued for …`. */
    readonly why: string;
  };

/** An event that ends a step. */
export type StepEnd =
  | {
    /** A dial ended. */
    readonly type: "dial-end";
    /** Why it failed; absent on success. */
    readonly error?: DialFailure;
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
    /** A connection attempt ended. */
    readonly type: "attempt-end";
    /** Why it failed; absent on success. */
    readonly error?: DialFailure;
    /** Set where another attempt won. */
    readonly lost?: true;
  }
  | {
    /** A handshake ended. */
    readonly type: "handshake-end";
    /** Why it failed; absent on success. */
    readonly error?: DialFailure;
  }
  | {
    /** A pause ended. */
    readonly type: "wait-end";
    /** Why it ended early; absent where it lasted its full time. */
    readonly error?: DialFailure;
  }
  | {
    /** A dial left the queue, to run or because it gave up. */
    readonly type: "queue-end";
    /** Why it gave up; absent where it runs. */
    readonly error?: DialFailure;
  };

/** An event that is a step of its own, without duration. */
export type StepPoint =
  | {
    /** A failed dial is repeated. */
    readonly type: "retry";
    /** The number of the retry, from 1. */
    readonly number: number;
    /** Why: the failure before it. */
    readonly why: string;
  }
  | {
    /** A rule decided the route of the dial. */
    readonly type: "route";
    /** The rule. */
    readonly rule: string;
  }
  | {
    /** One of several dialers was chosen. */
    readonly type: "choose";
    /** The dialer. */
    readonly member: string;
    /** Why this dialer was chosen. */
    readonly why: string;
  }
  | {
    /** A pool was searched for a connection. */
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
 * One step of a dial as it happens; `id` and `parent` form the tree. It contains no secrets.
 *
 * A listener that throws does not affect the dial: its error becomes an uncaught exception.
 */
export type DialEvent =
  & {
    /** The step; its start and its end share the number. Unique within the dial. */
    readonly id: number;
    /** The step within which this one happens; absent for the outermost dial. */
    readonly parent?: number;
    /** Milliseconds since the outermost dial began, by a monotonic clock. */
    readonly atMs: number;
  }
  & (StepStart | StepEnd | StepPoint);
