import type { ContextDialer } from "../../src/core/dialer.ts";
import { oneOf, type OptionChecks, readOptions } from "../../src/core/options.ts";
import {
  netDialerConfig,
  netDialerOptions,
  type SystemDialerOptions,
} from "../../src/net/net_dialer_options.ts";
import { configuredDenoDialer } from "./deno_dialer.ts";

/** The options of a dialer over Deno's sockets. */
export interface DenoDialerOptions extends SystemDialerOptions {
  /**
   * `"native"` is `Deno.connect`, the fastest; `"node"` is Deno's `node:net`, which can also set
   * the keep-alive idle time and send RST.
   *
   * @default {"native"} Or `"node"` where `localAddress`, `localPort` or a number for `keepAlive`
   * requires it.
   */
  api?: "native" | "node";
}

/**
 * Makes a dialer over `Deno.connect`, as `systemDialer` does on Deno.
 *
 * `Deno.connect` can neither set the keep-alive idle time nor send RST: keep-alive has the system's
 * idle time, and `reset()` closes with FIN. Where the permissions cover a name but neither its
 * lookup nor its addresses (`--allow-net=peer.example:4001`), `Deno.connect` receives the name
 * itself.
 *
 * @example
 * const dialer = denoDialer({ timeoutMs: 5_000 });
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 *
 * @param options The options of the dialer.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If an option is unusable, or `api: "native"` does not support
 * another option.
 */
export function denoDialer(options: DenoDialerOptions = {}): ContextDialer {
  const read = readOptions<DenoDialerOptions>("denoDialer", options, denoDialerOptions);
  return configuredDenoDialer(netDialerConfig(read), read.api);
}

const denoDialerOptions: OptionChecks<DenoDialerOptions> = {
  ...netDialerOptions,
  api: oneOf("native", "node"),
};
