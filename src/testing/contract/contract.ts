import type { Addr } from "../../core/addr.ts";
import type { ContextDialer } from "../../core/dialer.ts";
import type { Resolver } from "../../resolver/resolver.ts";
import type { ContractCodes, Peers } from "../../../adapters/loopback/peers.ts";

/**
 * What a dialer cannot have, so that the tests of it are not registered:
 *
 * - `events`: it tells no events, or its reports are not made of them.
 * - `half-close`: closing the write side closes more than that.
 * - `ipv6`: it, or the machine, has no IPv6.
 * - `names`: it dials no host names.
 * - `peer-reset`: a peer's reset cannot be told from its end.
 * - `reset`: `reset()` does not reach the peer as one, as with Deno's own sockets.
 * - `silent`: there is no peer that lets a dial hang.
 * - `unix`: it dials no unix paths.
 * - `unreachable`: it is never told that there is no way to an address.
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

/** Makes the dialer under test with another option. The tests that need an option are registered where it can be had. */
export interface DialerVariants {
  /** With a time limit for the whole dial, in milliseconds. */
  timeoutMs?(timeoutMs: number): ContextDialer;
  /** With names looked up by `resolver`. */
  resolver?(resolver: Resolver): ContextDialer;
  /** With the IP address to dial from. */
  localAddress?(localAddress: string): ContextDialer;
}

/** What is tested, and what is expected of it. */
export interface Contract {
  readonly name: string;
  readonly dialer: ContextDialer;
  readonly peers: Peers;
  readonly unsupported: ReadonlySet<ContractLack>;
  readonly variants: DialerVariants;
  readonly codes: ContractCodes;
  readonly hops: readonly Addr[];
}
