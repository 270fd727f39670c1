import { systemDialer } from "../../adapters/system.ts";
import type { ContextDialer } from "../core/dialer.ts";
import { type IpFamily, ipFamily } from "../ip/ip_literal.ts";
import { proxyDialer } from "../proxy/url/proxy_dialer.ts";
import type { CommandInput, OptionTable } from "./command.ts";
import { parseDuration } from "./parse_duration.ts";
import { UsageError } from "./usage_error.ts";

/** How to dial, for every command that dials. */
export const dialOptions: OptionTable = {
  via: {
    type: "string",
    multiple: true,
    value: "URL",
    help: "Go through this proxy: socks5h, socks5, socks4a,\n" +
      "socks4, http or https://HOST:PORT; several make a\nchain, in the order in which the bytes travel",
  },
  timeout: {
    type: "string",
    short: "t",
    value: "TIME",
    help: "Give up after this time: 500 (ms), 500ms, 5s, 2m\n(default: when the system does)",
  },
  "local-address": {
    type: "string",
    multiple: true,
    value: "IP",
    help: "Dial from this address; give one for each family\nto dial names that have both",
  },
};

/** What the options of a command say about dialing. */
export interface DialSetup {
  readonly dialer: ContextDialer;
  /** The limit for the whole dial, whatever it goes through. */
  readonly timeoutMs: number | undefined;
}

/**
 * Makes the dialer that the options ask for.
 *
 * @throws {UsageError} If an option cannot be read.
 */
export function readDialSetup(input: CommandInput): DialSetup {
  const timeout = input.one("timeout");
  const localAddress = readLocalAddress(input.all("local-address"));
  const direct = systemDialer(localAddress === undefined ? {} : { localAddress });
  const urls = input.all("via");
  return {
    dialer: urls.length === 0 ? direct : readProxies(urls, direct),
    timeoutMs: timeout === undefined ? undefined : parseDuration("timeout", timeout, 1),
  };
}

/**
 * Makes a dialer of proxy URLs, the first of which `via` dials.
 *
 * @throws {UsageError} If a URL cannot be read.
 */
export function readProxies(urls: readonly string[], via: ContextDialer): ContextDialer {
  try {
    return proxyDialer(urls, { via });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function readLocalAddress(
  given: readonly string[],
): string | { ipv4?: string; ipv6?: string } | undefined {
  const byFamily: Partial<Record<IpFamily, string>> = {};
  for (const address of given) {
    const family = ipFamily(address);
    if (family === undefined) {
      throw new UsageError("--local-address must be an IP address");
    }
    if (byFamily[family] !== undefined) {
      throw new UsageError(`--local-address was given twice for IPv${family}`);
    }
    byFamily[family] = address;
  }
  // A single one confines the dial to its family.
  return given.length < 2 ? given[0] : { ipv4: byFamily[4]!, ipv6: byFamily[6]! };
}
