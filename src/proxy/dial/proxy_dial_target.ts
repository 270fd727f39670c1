import type { Network } from "../../core/addr.ts";
import { splitHostPort } from "../../core/host_port.ts";
import { type BadTarget, unknownNetwork } from "../../net/dial_target.ts";
import { type ProxyTarget, proxyTarget } from "./proxy_target.ts";

/** The target of a dial through a proxy. */
export interface ProxyDialTarget {
  /** The target to send to the proxy. */
  readonly target: ProxyTarget;
  /** The host as given to the dialer, without brackets. */
  readonly host: string;
}

const families: Readonly<Record<string, readonly (4 | 6)[]>> = {
  tcp: [4, 6],
  tcp4: [4],
  tcp6: [6],
};

/**
 * Parses the target of a dial through a proxy. An empty host is an error: for a socket dialer it
 * means this machine, but the proxy may run on another one.
 *
 * @param network The network.
 * @param address The address.
 * @returns The target, or the reason why it is invalid.
 */
export function proxyDialTarget(network: Network, address: string): ProxyDialTarget | BadTarget {
  if (!Object.hasOwn(families, network)) {
    const reason = network === "unix" ? "a proxy reaches no unix sockets" : unknownNetwork;
    return { code: "ERR_DIAL_NETWORK", reason };
  }
  try {
    const { host, port } = splitHostPort(address);
    const target = proxyTarget(host, port);
    if (target.kind === "ip" && !families[network]!.includes(target.family)) {
      const reason = `an IPv${target.family} address cannot be dialed over ${network}`;
      return { code: "ERR_DIAL_ADDRESS", reason };
    }
    return { target, host };
  } catch (error) {
    const reason = (error as Error).message.replace(/^Cannot split address ".*": /s, "");
    return { code: "ERR_DIAL_ADDRESS", reason };
  }
}
