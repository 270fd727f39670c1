import type { Network } from "../core/addr.ts";
import { splitHostPort } from "../core/host_port.ts";
import type { DialErrorCode } from "../core/dial_error_code.ts";
import { redacted } from "../core/redact.ts";
import { asciiName, isUnicode } from "../ip/host_name.ts";
import { isIPv4Mapped } from "../ip/ip_bytes.ts";
import { type IpFamily, ipFamily } from "../ip/ip_literal.ts";

/** The parsed form of a network and an address. */
export type DialTarget =
  | { readonly kind: "unix"; readonly path: string }
  | {
    readonly kind: "literal";
    readonly host: string;
    readonly family: IpFamily;
    readonly port: number;
  }
  | {
    readonly kind: "name";
    /** The name in ASCII. */
    readonly host: string;
    readonly families: readonly IpFamily[];
    readonly port: number;
  };

/** Why a network and an address are no target. */
export interface BadTarget {
  readonly code: DialErrorCode;
  readonly reason: string;
}

/** The longest path in a unix socket address on Linux, without the terminating NUL. */
const maxPathBytes = 107;

/** The reason for an unknown network, whose value is not quoted. */
export const unknownNetwork = "unknown network: there are tcp, tcp4, tcp6 and unix";

const families: Record<string, readonly IpFamily[]> = { tcp: [6, 4], tcp4: [4], tcp6: [6] };

/**
 * Parses the network and address of a dialer over sockets. As in Go, an empty host and an
 * unspecified address mean this machine. Unicode names become A-labels (IDNA, as in URLs).
 *
 * @returns The target, or why there is none.
 */
export function parseDialTarget(network: Network, address: string): DialTarget | BadTarget {
  if (typeof address !== "string") return badAddress("the address is not a string");
  if (network === "unix") {
    if (address === "" || address.includes("\0")) return badAddress("not a path");
    if (/^[\w+.-]+:\/\//.test(address)) return badAddress("a URL is not a path");
    return pathTooLong(address) ?? { kind: "unix", path: address };
  }
  if (!Object.hasOwn(families, network)) {
    return { code: "ERR_DIAL_NETWORK", reason: unknownNetwork };
  }
  const wanted = families[network]!;
  let host, port;
  try {
    ({ host, port } = splitHostPort(address));
  } catch (error) {
    return badAddress((error as Error).message.replace(/^.*": /s, ""));
  }
  if (port === 0) return badAddress("port 0 cannot be dialed");
  if (host === "") host = "localhost";
  else if (host === "0.0.0.0") host = "127.0.0.1";
  else if (host === "::") host = "::1";
  const family = ipFamily(host);
  if (family !== undefined) {
    if (!wanted.includes(family)) {
      return badAddress(`an IPv${family} address cannot be dialed over ${network}`);
    }
    if (network === "tcp6" && isIPv4Mapped(host)) {
      return badAddress(`an IPv4-mapped address cannot be dialed over ${network}`);
    }
    return { kind: "literal", host, family, port };
  }
  const name = isUnicode(host) ? asciiName(host) : host;
  // deno-lint-ignore no-control-regex -- finding them is the point
  if (name === undefined || /[\s\x00-\x20\x7f:/%\\?#@]/.test(name)) {
    return badAddress(`"${redacted(host)}" is neither a name nor an IP address`);
  }
  return { kind: "name", host: name, families: wanted, port };
}

/**
 * Node 20 would truncate a long path and dial another one. Windows has no such limit for its pipes.
 */
function pathTooLong(path: string): BadTarget | undefined {
  if (path.startsWith("\\\\") || new TextEncoder().encode(path).byteLength <= maxPathBytes) {
    return undefined;
  }
  return { code: "ENAMETOOLONG", reason: `the path is longer than ${maxPathBytes} bytes` };
}

function badAddress(reason: string): BadTarget {
  return { code: "ERR_DIAL_ADDRESS", reason };
}
