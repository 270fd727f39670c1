import { type Component, multiaddr } from "@multiformats/multiaddr";
import type { Multiaddr } from "../core/dialer.ts";

/** A `/dnsaddr` multiaddr: where its TXT records are, and how the multiaddrs in them must end. */
export interface Dnsaddr {
  /** The DNS name of the records. */
  readonly name: string;
  /** What the multiaddr has after the name, mostly a peer id. */
  readonly suffix: readonly Component[];
}

/** The multiaddrs of TXT records. */
export interface DnsaddrRecords {
  /** Those that end as asked for, in the order of the records. */
  readonly found: readonly Multiaddr[];
  /** How many records with a multiaddr were left out because they end otherwise. */
  readonly others: number;
}

/** Reads a multiaddr that begins with `/dnsaddr`; `undefined` for any other. */
export function readDnsaddr(ma: Multiaddr): Dnsaddr | undefined {
  const [first, ...suffix] = ma.getComponents();
  return first?.name === "dnsaddr" ? { name: `_dnsaddr.${first.value}`, suffix } : undefined;
}

/**
 * Takes the multiaddrs out of TXT records (libp2p addressing specification, "dnsaddr Links").
 *
 * Records of other kinds, and multiaddrs that cannot be read, belong to somebody else.
 *
 * @param records The records; one that came in several strings may be given as a list of them (RFC 1035 §3.3.14).
 * @param suffix How a multiaddr must end; empty for any.
 */
export function readDnsaddrRecords(
  records: readonly (string | readonly string[])[],
  suffix: readonly Component[],
): DnsaddrRecords {
  const found: Multiaddr[] = [];
  let others = 0;
  for (const record of records) {
    const text = typeof record === "string" ? record : record.join("");
    if (!text.startsWith("dnsaddr=")) continue;
    let ma: Multiaddr;
    try {
      ma = multiaddr(text.slice("dnsaddr=".length).trim());
    } catch {
      continue;
    }
    if (endsWith(ma.getComponents(), suffix)) found.push(ma);
    else others++;
  }
  return { found, others };
}

function endsWith(components: readonly Component[], suffix: readonly Component[]): boolean {
  const start = components.length - suffix.length;
  return start >= 0 && suffix.every((part, index) => isSame(components[start + index]!, part));
}

function isSame(a: Component, b: Component): boolean {
  if (a.code !== b.code) return false;
  if (a.value === b.value) return true;
  try {
    // The same peer id may be written in base58 or as a CID.
    return multiaddr([a]).equals(multiaddr([b]));
  } catch {
    return false;
  }
}
