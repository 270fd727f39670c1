import type { ContextDialer } from "../../src/core/dialer.ts";
import { netDialer } from "../../src/net/net_dialer.ts";
import type { NetDialerConfig } from "../../src/net/net_dialer_options.ts";
import { netConnector } from "./net_connector.ts";

/** Makes a dialer over `node:net` of checked options. */
export function configuredNodeDialer(config: NetDialerConfig): ContextDialer {
  return netDialer(netConnector(config), config);
}
