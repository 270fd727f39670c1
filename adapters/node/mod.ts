import type { ContextDialer } from "../../src/core/dialer.ts";
import { readOptions } from "../../src/core/options.ts";
import { netDialer } from "../../src/net/net_dialer.ts";
import { netDialerOptions, type SystemDialerOptions } from "../../src/net/net_dialer_options.ts";
import { netConnector } from "./net_connector.ts";

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
  const read = readOptions("nodeDialer", options, netDialerOptions);
  return netDialer(netConnector(read), read);
}
