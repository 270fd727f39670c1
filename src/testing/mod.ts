/**
 * The contract of dialers and their connections as a test suite, for any dialer on any runtime.
 *
 * @example
 * import { testDialer } from "@anydial/dialer/testing";
 * import { myDialer } from "./my_dialer.ts";
 *
 * testDialer({ name: "myDialer()", dialer: myDialer(), unsupported: ["unix"] });
 *
 * @module
 */
export {
  loopbackPeers,
  type LoopbackPeersOptions,
} from "../../adapters/loopback/loopback_peers.ts";
export type { ContractLack, DialerVariants } from "./contract/contract.ts";
export type { ContractCodes } from "../../adapters/loopback/peers.ts";
export type { ListeningPeer, PeerConn, Peers, SilentPeer } from "../../adapters/loopback/peers.ts";
export { testDialer, type TestDialerOptions } from "./test_dialer.ts";
