import type { Addr } from "../../core/addr.ts";
import type { ContextDialer } from "../../core/dialer.ts";
import type { Resolver } from "../../resolver/resolver.ts";
import type { ContractCodes, Peers } from "../../../adapters/loopback/peers.ts";

/**
 * Features that a dialer may lack; the tests for them are not registered then:
 *
 * - `events`: it emits no events, or its reports are not made of them.
 * - `half-close`: closing the write side also closes the read side.
 * - `ipv6`: the dialer or the machine has no IPv6.
 * - `names`: it does not dial host names.
 * - `peer-reset`: a reset by the peer cannot be distinguished from its end.
 * - `reset`: `reset()` does not reach the peer as a reset, as with Deno's own sockets.
 * - `silent`: there is no peer that leaves a dial pending.
 * - `unix`: it does not dial unix paths.
 * - `unreachable`: it receives no error for an unreachable address.
 */
export type ContractLack =
  | "events"
  | "half-close"
  | "ipv6"
  | "names"
  | "peer-reset"
  | "reset"
  | "silent"
  | "unix"
  | "unreachable";

/**
 * Makes the dialer under test with another option. Tests that need an option are registered only if
 * it is supported.
 */
export interface DialerVariants {
  /** Adds a time limit for the whole dial, in milliseconds. */
  timeoutMs?(timeoutMs: number): ContextDialer;
  /** Resolves names with `resolver`. */
  resolver?(resolver: Resolver): ContextDialer;
  /** Dials from a local IP address. */
  localAddress?(localAddress: string): ContextDialer;
}

/** The dialer under test, and the expected results. */
export interface Contract {
  readonly name: string;
  readonly dialer: ContextDialer;
  readonly peers: Peers;
  readonly unsupported: ReadonlySet<ContractLack>;
  readonly variants: DialerVariants;
  readonly codes: ContractCodes;
  readonly hops: readonly Addr[];
}
