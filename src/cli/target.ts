import type { Network } from "../core/addr.ts";
import type { Multiaddr } from "../core/dialer.ts";
import { redacted, shownAddress } from "../core/redact.ts";
import { dialArgs, parseMultiaddr } from "../multiaddr/dial_args.ts";
import { parseDialTarget } from "../net/dial_target.ts";
import type { CommandInput, OptionTable } from "./command.ts";
import { readDnsaddr } from "../multiaddr/dnsaddr.ts";
import { UsageError } from "./usage_error.ts";

/** The options of a command that dials a target of either family. */
export const familyOptions: OptionTable = {
  ipv4: { type: "boolean", short: "4", help: "Dial host:port by IPv4 only" },
  ipv6: { type: "boolean", short: "6", help: "Dial host:port by IPv6 only" },
};

/** The target of a command. */
export type Target =
  | { readonly text: string; readonly multiaddr: Multiaddr }
  | { readonly text: string; readonly network: Network; readonly address: string };

/**
 * Reads the target of a command, and the family to dial it by.
 *
 * @throws {UsageError} If the target cannot be dialed, or not by that family.
 */
export function readTarget({ argument, has }: CommandInput): Target {
  const ipv4 = has("ipv4");
  if (!ipv4 && !has("ipv6")) return parseTarget(argument);
  if (ipv4 && has("ipv6")) throw new UsageError("-4 and -6 exclude each other");
  if (argument.startsWith("/") || argument.startsWith("unix:")) {
    throw new UsageError(`${ipv4 ? "-4" : "-6"} needs a TARGET of the form host:port`);
  }
  return parseTarget(argument, ipv4 ? "tcp4" : "tcp6");
}

/**
 * Parses a multiaddr, `unix:PATH` or host:port; the last is dialed on `network`.
 *
 * @throws {UsageError} If the text is none of them, such as a URL, or cannot be dialed.
 */
export function parseTarget(text: string, network: Network = "tcp"): Target {
  if (text.startsWith("unix:")) {
    const address = text.slice("unix:".length);
    if (address === "") throw new UsageError(`Cannot dial "unix:": the path is missing`);
    return checked({ text, network: "unix", address });
  }
  if (!text.startsWith("/")) {
    if (text.includes("://")) {
      throw new UsageError(`Cannot dial "${redacted(text)}": a URL is no target`);
    }
    return checked({ text, network, address: text });
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
  const read = parseDialTarget(network, address);
  if ("reason" in read) {
    const shown = target.text.replace(address, () => shownAddress(network, address));
    throw new UsageError(`Cannot dial "${shown}": ${read.reason}`);
  }
  return target;
}
