/**
 * Multiaddrs for dialers, as Go's `manet`: conversion to the arguments of `dialContext`, and
 * dialing, `/dnsaddr` included.
 *
 * @example
 * import { systemDialer } from "@anydial/dialer";
 * import { dialMultiaddr } from "@anydial/dialer/multiaddr";
 *
 * const conn = await dialMultiaddr(systemDialer(), "/dns4/peer.example/tcp/4001");
 *
 * @module
 */
export { type DialArgs, dialArgs } from "./dial_args.ts";
export { dialMultiaddr } from "./dial_multiaddr.ts";
export type { DialMultiaddrOptions } from "./dial_multiaddr_options.ts";
export type { DialerForAddr, Multiaddr } from "../core/dialer.ts";
export type { TxtResolver } from "../resolver/txt_resolver.ts";
