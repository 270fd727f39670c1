import { domainToASCII } from "node:url";
import type { Network } from "../core/addr.ts";
import { splitHostPort } from "../core/host_port.ts";
import { ipFamily } from "../ip/ip_literal.ts";

/**
 * Tells the name that a certificate has to have for an address.
 *
 * @param network What was dialed over.
 * @param address What was dialed.
 * @returns The host as certificates have it: a name as A-labels and without the root's dot, an IP address without its zone.
 * `undefined` where the address has none: a unix path, or nothing before the port.
 */
export function hostToVerify(network: Network, address: string): string | undefined {
  if (network === "unix") return undefined;
  let host: string;
  try {
    ({ host } = splitHostPort(address));
  } catch {
    return undefined;
  }
  if (ipFamily(host) !== undefined) return host.replace(/%.*$/, "");
  return domainToASCII(host).replace(/\.$/, "") || undefined;
}
