import type { ContextDialer } from "../../src/core/dialer.ts";
import { readNetDialerConfig, type SystemDialerOptions } from "../../src/net/net_dialer_options.ts";
import { configuredNodeDialer } from "./node_dialer.ts";

/**
 * Makes a dialer over `node:net`, as `systemDialer` does on Node. It also works on Deno and Bun,
 * through their `node:net`.
 *
 * @example
 * const dialer = nodeDialer({ timeoutMs: 5_000 });
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 *
 * @param options The options of the dialer.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If an option is unusable; the message names it.
 */
export function nodeDialer(options: SystemDialerOptions = {}): ContextDialer {
  return configuredNodeDialer(readNetDialerConfig("nodeDialer", options));
}
