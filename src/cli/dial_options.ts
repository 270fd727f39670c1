import { systemDialer } from "../../adapters/system.ts";
import type { ContextDialer } from "../core/dialer.ts";
import { type IpFamily, ipFamily } from "../ip/ip_literal.ts";
import type { CommandInput, OptionTable } from "./command.ts";
import { parseDuration } from "./parse_duration.ts";
import { readTls } from "./tls_option.ts";
import { UsageError } from "./usage_error.ts";
import { type Handshake, readProxies } from "./via_option.ts";

/** The options of every command that dials. */
export const dialOptions: OptionTable = {
  via: {
    type: "string",
    multiple: true,
    value: "URL",
    help: "Go through this proxy: socks5h, socks5, socks4a,\n" +
      "socks4, http or https://HOST:PORT; @FILE reads\n" +
      "URLs from a file, one a line; env is the proxy of\n" +
      "the environment, if any. Several make a chain, in\n" +
      "the order in which the bytes travel",
  },
  handshake: {
    type: "string",
    value: "ORDER",
    help: "With SOCKS5 proxies: sequential (step by step),\n" +
      "pipelined (in one flight) or auto (default: auto)",
  },
  timeout: {
    type: "string",
    short: "t",
    value: "TIME",
    help: "Give up after this time: 500 (ms), 500ms, 5s, 2m\n" +
      "(default: when the system does; with --via 2m)",
  },
  "local-address": {
    type: "string",
    multiple: true,
    value: "IP",
    help: "Dial from this address; give one for each family\nto dial names that have both",
  },
};

/** The dial settings of a command. */
export interface DialSetup {
  readonly dialer: ContextDialer;
  /** The limit for the whole dial, including all proxies. */
  readonly timeoutMs: number | undefined;
}

/**
 * Makes the dialer for the options of a command.
 *
 * @throws {UsageError} If an option is invalid.
 */
export function readDialSetup(input: CommandInput): DialSetup {
  const timeout = input.one("timeout");
  const localAddress = readLocalAddress(input.all("local-address"));
  const direct = systemDialer(localAddress === undefined ? {} : { localAddress });
  const urls = input.all("via");
  return {
    dialer: readTls(
      urls.length === 0 ? direct : readProxies(urls, direct, readHandshake(input)),
      input,
    ),
    timeoutMs: timeout === undefined ? undefined : parseDuration("timeout", timeout, 1),
  };
}

/**
 * Reads the order of SOCKS5 handshakes.
 *
 * @throws {UsageError} If there is no such order.
 */
export function readHandshake(input: CommandInput): Handshake {
  const order = input.one("handshake") ?? "auto";
  if (order === "auto" || order === "sequential" || order === "pipelined") return order;
  throw new UsageError("--handshake must be sequential, pipelined or auto");
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
  // A single address restricts the dial to its family.
  return given.length < 2 ? given[0] : { ipv4: byFamily[4]!, ipv6: byFamily[6]! };
}
