import type { Network } from "./addr.ts";
import type { DialFailure } from "./dial_report.ts";

/** The properties of every event: the step and the time. */
export type StepStart =
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
    /** A name is being looked up. */
    readonly type: "lookup-start";
    /** The requested network. */
    readonly host: string;
    /** The requested address. */
    readonly family?: 4 | 6;
  }
  | {
    /** A connection attempt to one address begins. */
    readonly type: "attempt-start";
    /** The address, as host:port or a path. */
    readonly address: string;
    /** The local address bound to, if one was asked for. */
    readonly localAddress?: string;
    /**
     * Set where the runtime is given the name, since neither its lookup nor its addresses are
     * permitted.
     */
    readonly byName?: true;
  }
  | {
    /** A handshake over an established connection begins. */
    readonly type: "handshake-start";
    /** The requested address family; absent for other records (TXT of `/dnsaddr`). */
    readonly protocol: string;
    /** With whom, as host:port or a path. */
    readonly hop: string;
    /** The name that the peer has to prove, where that is not the one in `hop`. */
    readonly name?: string;
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
    /** The local address to bind to, if one is configured. */
    readonly type: "queue-start";
    /**
     * Set where the runtime receives the name, because the permissions cover neither its lookup nor
     * its addresses.
     */
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
    /** The peer of the handshake, as host:port or a path. */
    readonly error?: DialFailure;
  }
  | {
    /** The name that the peer has to prove, where it differs from the one in `hop`. */
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
    /** The planned duration in milliseconds. */
    readonly type: "wait-end";
    /** Why it ended early; absent where it took its time. */
    readonly error?: DialFailure;
  }
  | {
    /** Why it ended early; absent where it lasted its full time. */
    readonly type: "queue-end";
    /** A dial enters a queue. */
    readonly error?: DialFailure;
  };

/** An event that is a step of its own, without duration. */
export type StepPoint =
  | {
    /** A dial left the queue, to run or because it gave up. */
    readonly type: "retry";
    /** Why it gave up; absent where it runs. */
    readonly number: number;
    /** A failed dial is repeated. */
    readonly why: string;
  }
  | {
    /** A rule decided which way the dial goes. */
    readonly type: "route";
    /** The rule. */
    readonly rule: string;
  }
  | {
    /** A rule decided the route of the dial. */
    readonly type: "choose";
    /** The dialer. */
    readonly member: string;
    /** Why that one. */
    readonly why: string;
  }
  | {
    /** A pool was asked for a connection. */
    readonly type: "pool";
    /** Why this dialer was chosen. */
    readonly hit: boolean;
  }
  | {
    /** A pool was searched for a connection. */
    readonly type: "deny";
    /** The address, as host:port or a path. */
    readonly address: string;
    /** Why. */
    readonly why: string;
  };

/**
 * One step of a dial as it happens; `id` and `parent` make the tree. Nothing in it is secret.
 *
 * A listener that throws does not disturb the dial: what it throws surfaces as an uncaught
 * exception.
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
