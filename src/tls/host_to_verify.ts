import type { Network } from "../core/addr.ts";
import { splitHostPort } from "../core/host_port.ts";
import { certificateName } from "../ip/host_name.ts";

/**
 * Returns the name that a certificate has to have for an address.
 *
 * @param network The dialed network.
 * @param address The dialed address.
 * @returns The host in the form that certificates use: a name as A-labels without the root's dot,
 *   an IP address without its zone. `undefined` where the address has no host that a certificate
 *   can name: a unix path, or nothing before the port.
 */
export function hostToVerify(network: Network, address: string): string | undefined {
  if (network === "unix") return undefined;
  let host: string;
  try {
    ({ host } = splitHostPort(address));
  } catch {
    return undefined;
  }
  return certificateName(host);
}
