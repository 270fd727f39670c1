import type { Network } from "../core/addr.ts";
import type { Multiaddr } from "../core/dialer.ts";
import { redacted, shownAddress } from "../core/redact.ts";
import { dialArgs, parseMultiaddr } from "../multiaddr/dial_args.ts";
import { parseDialTarget as readTarget } from "../net/dial_target.ts";
import { readDnsaddr } from "../multiaddr/dnsaddr.ts";
import { UsageError } from "./usage_error.ts";

/** The target of a command. */
export type Target =
  | { readonly text: string; readonly multiaddr: Multiaddr }
  | { readonly text: string; readonly network: Network; readonly address: string };

/**
 * Parses a multiaddr, `unix:PATH` or host:port.
 *
 * @throws {UsageError} If the text is none of them, such as a URL, or cannot be dialed.
 */
export function parseTarget(text: string): Target {
  if (text.startsWith("unix:")) {
    const address = text.slice("unix:".length);
    if (address === "") throw new UsageError(`Cannot dial "unix:": the path is missing`);
    return checked({ text, network: "unix", address });
  }
  if (!text.startsWith("/")) {
    if (text.includes("://")) {
      throw new UsageError(`Cannot dial "${redacted(text)}": a URL is no target`);
    }
    return checked({ text, network: "tcp", address: text });
  }
  const multiaddr = parseMultiaddr(text);
  // The addresses of a `/dnsaddr` are only known after its lookup.
  if ("reason" in multiaddr || readDnsaddr(multiaddr) === undefined) {
    try {
      dialArgs(text);
    } catch (error) {
      throw new UsageError((error as Error).message, { cause: error });
    }
  }
  return { text, multiaddr: multiaddr as Multiaddr };
}

/** A target that cannot be dialed on any machine is a usage error, not a failed dial. */
function checked(target: Exclude<Target, { multiaddr: Multiaddr }>): Target {
  const { network, address } = target;
  const read = readTarget(network, address);
  if ("reason" in read) {
    const shown = target.text.replace(address, () => shownAddress(network, address));
    throw new UsageError(`Cannot dial "${shown}": ${read.reason}`);
  }
  return target;
}
