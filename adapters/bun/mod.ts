import type { ContextDialer } from "../../src/core/dialer.ts";
import { readNetDialerConfig, type SystemDialerOptions } from "../../src/net/net_dialer_options.ts";
import { configuredBunDialer } from "./bun_dialer.ts";

/**
 * Makes a dialer over `Bun.connect`, as `systemDialer` does on Bun.
 *
 * A pending `Bun.connect` cannot be cancelled. An aborted one is abandoned, and keeps a descriptor
 * and the process until the kernel gives up. At most 16 are pending at a time: further dials use
 * `node:net`, whose sockets can be destroyed. Bun reports an unreachable network or host as
 * `ECONNREFUSED`.
 *
 * @example
 * const dialer = bunDialer({ timeoutMs: 5_000 });
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 *
 * @param options The options of the dialer.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If an option is unusable; the message names it.
 */
export function bunDialer(options: SystemDialerOptions = {}): ContextDialer {
  return configuredBunDialer(readNetDialerConfig("bunDialer", options));
}
