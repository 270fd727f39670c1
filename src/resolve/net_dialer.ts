import { type Clock, systemClock } from "../core/clock.ts";
import type { Conn } from "../core/conn.ts";
import type { ContextDialer } from "../core/dialer.ts";
import type { Connector } from "./connector.ts";
import { NetDial } from "./net_dial.ts";
import { netDialerConfig, type NetDialerOptions } from "./net_dialer_options.ts";
import { systemResolver } from "./system_resolver.ts";

/**
 * Makes a dialer over a runtime's sockets: lookup, RFC 8305 and time limits are here, `connector` connects to literals.
 *
 * @param connector How the runtime connects.
 * @param options How the dialer behaves.
 * @param clock The time.
 * @throws {TypeError | RangeError} If an option is unusable; the message names it.
 */
export function netDialer(
  connector: Connector,
  options: NetDialerOptions = {},
  clock: Clock = systemClock,
): ContextDialer {
  const config = netDialerConfig(options);
  const resolver = options.resolver ?? systemResolver;
  const mayDialNames = options.resolver === undefined;
  return {
    dialContext(network, address, dialOptions = {}) {
      return new Promise<Conn>((resolve, reject) => {
        const { signal } = dialOptions;
        if (signal?.aborted) reject(signal.reason);
        else {
          new NetDial({
            connector,
            config,
            resolver,
            mayDialNames,
            clock,
            network,
            address,
            resolve,
            reject,
          }, dialOptions).start();
        }
      });
    },
  };
}
