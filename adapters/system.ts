import type { ContextDialer } from "../src/core/dialer.ts";
import { netDialerConfig, type NetDialerOptions } from "../src/resolve/net_dialer_options.ts";

/** How {@linkcode systemDialer} behaves; the counterpart of the fields of Go's `net.Dialer`. */
export type SystemDialerOptions = NetDialerOptions;

/**
 * Makes a dialer over the runtime's own sockets, the counterpart of Go's `net.Dialer`: `Deno.connect`, `Bun.connect` or
 * `node:net`, with lookup, RFC 8305 Happy Eyeballs, local addresses, keep-alive and a time limit that are the same on all.
 *
 * @example
 * const dialer = systemDialer({ timeoutMs: 5_000 });
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 *
 * @param options How the dialer behaves.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If an option is unusable; the message names it.
 */
export function systemDialer(options: SystemDialerOptions = {}): ContextDialer {
  // Checked here, since the adapter is only loaded by the first dial.
  netDialerConfig(options);
  let loaded: ContextDialer | undefined;
  return {
    dialContext(network, address, dialOptions) {
      if (loaded !== undefined) return loaded.dialContext(network, address, dialOptions);
      if (dialOptions?.signal?.aborted) return Promise.reject(dialOptions.signal.reason);
      return load(options).then((dialer) =>
        (loaded = dialer).dialContext(network, address, dialOptions)
      );
    },
  };
}

async function load(options: SystemDialerOptions): Promise<ContextDialer> {
  // The capability that will be called decides, not the product's name.
  if (typeof globals.Deno?.connect === "function") {
    return (await import("./deno.ts")).denoDialer(options);
  }
  if (typeof globals.Bun?.connect === "function") {
    return (await import("./bun.ts")).bunDialer(options);
  }
  return (await import("./node.ts")).nodeDialer(options);
}

const globals = globalThis as { Deno?: { connect?: unknown }; Bun?: { connect?: unknown } };
