import type { Multiaddr } from "../core/dialer.ts";

/**
 * Parses `/onion3/<address>:<port>`, with or without a peer id.
 *
 * @param ma A multiaddr.
 * @returns The multiaddr of the service as a host name, `/dns/<address>.onion/tcp/<port>`;
 *   `undefined` for any other.
 */
export function onionAddress(ma: Multiaddr): string | undefined {
  const [onion, p2p, ...more] = ma.getComponents();
  if (onion?.name !== "onion3" || p2p !== undefined && p2p.name !== "p2p" || more.length > 0) {
    return undefined;
  }
  const [address, port] = onion.value!.split(":");
  return `/dns/${address}.onion/tcp/${port}`;
}
