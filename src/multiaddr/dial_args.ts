import { type Component, isMultiaddr, multiaddr } from "@multiformats/multiaddr";
import type { Network } from "../core/addr.ts";
import type { Multiaddr } from "../core/dialer.ts";
import { joinHostPort } from "../core/host_port.ts";
import { redactedMultiaddr, withoutUserInfo } from "../core/redact.ts";
import { valueKind } from "../core/value_kind.ts";

/** Arguments for `dialContext`. */
export interface DialArgs {
  /**
   * The network: `tcp4` for `/ip4` and `/dns4`, `tcp6` for `/ip6` and `/dns6`, `tcp` for `/dns`, or
   * `unix`.
   */
  network: Network;
  /** The address: host and port, or a path. */
  address: string;
}

/**
 * Converts a multiaddr to network and address, as Go's `manet.DialArgs` does.
 *
 * Supports `ip4`, `ip6`, `ip6zone` before `ip6`, `dns`, `dns4` and `dns6`, each with `tcp`, and
 * `unix`. A `p2p` at the end is allowed and omitted. `dnsaddr` stands for any number of multiaddrs;
 * `dialMultiaddr` resolves it.
 *
 * @example
 * dialArgs("/ip4/192.0.2.1/tcp/4001"); // { network: "tcp4", address: "192.0.2.1:4001" }
 * dialArgs("/ip6zone/eth0/ip6/fe80::1/tcp/4001");
 * // { network: "tcp6", address: "[fe80::1%eth0]:4001" }
 * dialArgs("/unix/%2Frun%2Fpeer.sock"); // { network: "unix", address: "/run/peer.sock" }
 *
 * @param ma A multiaddr, as an object or as text.
 * @returns The network and the address.
 * @throws {TypeError} If `ma` is no multiaddr, or not one that a stream dialer can reach. The
 *   message names the unsupported part.
 */
export function dialArgs(ma: Multiaddr | string): DialArgs {
  const parsed = parseMultiaddr(ma);
  const args = "reason" in parsed ? parsed : readDialArgs(parsed);
  if (!("reason" in args)) return args;
  const { reason, ...options } = args;
  const shown = typeof ma === "string" || isMultiaddr(ma)
    ? `"${redactedMultiaddr(String(ma))}"`
    : valueKind(ma);
  throw new TypeError(`Cannot dial multiaddr ${shown}: ${reason}`, options);
}

/** The reason why a multiaddr cannot be dialed. */
export interface BadMultiaddr {
  readonly reason: string;
  readonly cause?: unknown;
}

/** Parses a multiaddr, or returns the reason why it is invalid. */
export function parseMultiaddr(ma: Multiaddr | string): Multiaddr | BadMultiaddr {
  // A multiaddr of another version of the package may lack the methods called here.
  if (isMultiaddr(ma) && typeof ma.getComponents === "function") return ma;
  if (typeof ma !== "string" && !isMultiaddr(ma)) return { reason: "it is not a multiaddr" };
  try {
    return multiaddr(String(ma));
  } catch (cause) {
    // The parser's message may quote the invalid part, and text before an "@" is a secret.
    const mayQuote = /^\/.*@/s.test(String(ma));
    return mayQuote
      ? { reason: "it has a part that cannot be read" }
      : { reason: (cause as Error).message, cause };
  }
}

/** Returns the address to dial for a multiaddr, or the reason why it cannot be dialed. */
export function readDialArgs(ma: Multiaddr): DialArgs | BadMultiaddr {
  const components = ma.getComponents();
  const first = components[0];
  if (first === undefined) return { reason: "it is empty" };
  const zoned = first.name === "ip6zone";
  const host = zoned ? components[1] : first;
  const rest = components.slice(zoned ? 2 : 1);
  if (zoned && host?.name !== "ip6") return { reason: '"ip6zone" is not followed by "ip6"' };
  if (first.name === "unix") {
    return trailing(first, rest) ?? { network: "unix", address: first.value! };
  }
  const network = networks[host!.name];
  if (network === undefined) return { reason: reasonAgainst(first.name) };
  const zone = zoned ? first.value! : undefined;
  const name = host!.value!;
  if (zone !== undefined && !/^[^\s%/[\]@]+$/.test(zone)) {
    return { reason: `"ip6zone" has the impossible zone "${withoutUserInfo(zone)}"` };
  }
  // A "name" with these characters would be split as an IPv6 address or a port later.
  if (host!.name.startsWith("dns") && !/^[^\s:/%\\?#@[\]]+$/.test(name)) {
    return { reason: `"${host!.name}" has the impossible name "${withoutUserInfo(name)}"` };
  }
  const tcp = rest[0];
  if (tcp === undefined) return { reason: `"tcp" and its port are missing after "${host!.name}"` };
  if (tcp.name === "p2p") return { reason: '"tcp" and its port are missing before "p2p"' };
  if (tcp.name !== "tcp") return { reason: reasonAgainst(tcp.name) };
  if (tcp.value === "0") return { reason: '"tcp" has port 0, which cannot be dialed' };
  return trailing(tcp, rest.slice(1)) ??
    {
      network,
      address: joinHostPort(zone === undefined ? name : `${name}%${zone}`, Number(tcp.value)),
    };
}

const networks: Record<string, Network | undefined> = {
  dns: "tcp",
  dns4: "tcp4",
  dns6: "tcp6",
  ip4: "tcp4",
  ip6: "tcp6",
};

/** Returns the error of the part after the address, where only a peer id is allowed. */
function trailing(
  last: Component,
  rest: readonly Component[],
): BadMultiaddr | undefined {
  const [p2p, extra] = rest;
  if (p2p === undefined) return undefined;
  if (p2p.name !== "p2p") return { reason: reasonAgainst(p2p.name, last.name) };
  return extra === undefined ? undefined : { reason: reasonAgainst(extra.name, "p2p") };
}

function reasonAgainst(part: string, after?: string): string {
  if (part === "dnsaddr" && after === undefined) return '"dnsaddr" has to be looked up first';
  const where = after === undefined ? "" : ` after "${after}"`;
  return `"${part}"${where} is not supported, only tcp and unix addresses are`;
}
