import { type Component, multiaddr } from "@multiformats/multiaddr";
import type { Multiaddr } from "../core/dialer.ts";
import { asciiName } from "../ip/host_name.ts";

/**
 * A `/dnsaddr` multiaddr: the name of its TXT records, and the suffix of the multiaddrs in them.
 */
export interface Dnsaddr {
  /** The DNS name of the records; a Unicode name as A-labels. */
  readonly name: string;
  /** The part of the multiaddr after the name, usually a peer id. */
  readonly suffix: readonly Component[];
}

/** The multiaddrs of TXT records. */
export interface DnsaddrRecords {
  /** Those with the requested suffix, in the order of the records. */
  readonly found: readonly Multiaddr[];
  /** The number of records with a multiaddr that lacks the suffix. */
  readonly others: number;
}

/** Reads a multiaddr that begins with `/dnsaddr`; returns `undefined` for any other. */
export function readDnsaddr(ma: Multiaddr): Dnsaddr | undefined {
  const [first, ...suffix] = ma.getComponents();
  if (first?.name !== "dnsaddr") return undefined;
  const name = first.value!;
  return { name: `_dnsaddr.${asciiName(name) ?? name}`, suffix };
}

/**
 * Extracts the multiaddrs from TXT records (libp2p addressing specification, "dnsaddr Links").
 *
 * Records of other kinds and invalid multiaddrs are ignored, since other applications share the
 * name.
 *
 * @param records The records; one that consists of several strings may be a list of them (RFC 1035
 *   §3.3.14).
 * @param suffix The required suffix of a multiaddr; empty for any.
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
