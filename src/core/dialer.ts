import type { Multiaddr as MultiformatsMultiaddr } from "@multiformats/multiaddr";
import type { Network } from "./addr.ts";
import type { Conn } from "./conn.ts";
import type { DialEvent } from "./dial_event.ts";
import { valueKind } from "./value_kind.ts";

/** A multiaddr, as `@multiformats/multiaddr` makes it. */
export type Multiaddr = MultiformatsMultiaddr;

/** The options of a dial. */
export interface DialOptions {
  /**
   * Governs the dial only. Aborting rejects the dial with `signal.reason` itself and releases
   * everything it opened. Once connected, the signal has no effect.
   */
  signal?: AbortSignal;
  /** The multiaddr of this dial, for dialers that read the peer id or the protocol. */
  remoteMultiaddr?: Multiaddr;
  /** Receives each step of the dial as it happens. */
  onEvent?: (event: DialEvent) => void;
}

/**
 * Makes connections: the interface that every dialer of this package implements and wraps. Same
 * shape as Go's `DialContext(ctx, network, address)`; the context is `options.signal`.
 */
export interface ContextDialer {
  /**
   * Dials `address`: `"192.0.2.1:4001"`, `"[2001:db8::1]:4001"`, `"[fe80::1%eth0]:4001"`,
   * `"peer.example:4001"`; for `unix` a path.
   *
   * @throws {DialError} If no connection could be made.
   * @throws `options.signal.reason`, as it is, if the signal aborts before the dial has connected.
   */
  dialContext(network: Network, address: string, options?: DialOptions): Promise<Conn>;
}

/**
 * Chooses a dialer by the remote multiaddr. Called once for each dial; the result may differ each
 * time.
 */
export type DialerForAddr = (remoteAddr: Multiaddr) => ContextDialer | Promise<ContextDialer>;

/** Whether a value has the methods of a dialer. */
export function isDialer(value: unknown): value is ContextDialer {
  return typeof (value as ContextDialer | undefined | null)?.dialContext === "function";
}

/**
 * Checks that a value is a dialer.
 *
 * @param value The value; it may be a proxy's URL with a password, and is not quoted.
 * @param what The action that needs it, as in `Cannot … a string`.
 * @throws {TypeError} If it is no dialer.
 */
export function requireDialer(value: unknown, what: string): void {
  if (isDialer(value)) return;
  throw new TypeError(`Cannot ${what} ${valueKind(value)}: it has no dialContext method`);
}
