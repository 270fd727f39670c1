import type { ContextDialer } from "../../core/dialer.ts";
import { type OptionChecks, readOptions, unchecked } from "../../core/options.ts";
import type { Resolver } from "../../resolver/resolver.ts";
import { systemResolver } from "../../resolver/system_resolver.ts";
import { makeProxyDialer } from "../dial/proxy_context_dialer.ts";
import {
  defaultTimeoutMs,
  defaultVia,
  lookupOptions,
  type ProxyServerOptions,
  proxyServerOptions,
} from "../dial/proxy_dialer_options.ts";
import { proxyServer } from "../url/proxy_server.ts";
import { encodeSocks4UserId, Socks4Codec } from "./socks4_codec.ts";

/** Options of {@linkcode socks4Dialer}. */
export interface Socks4DialerOptions extends ProxyServerOptions {
  /**
   * The user id: at most 255 bytes in UTF-8, no NUL.
   *
   * @default {""}
   */
  userId?: string;
  /**
   * Where names are resolved: by the proxy, which must support SOCKS4a, or locally by `resolver`,
   * for a plain SOCKS4 proxy.
   *
   * @default {"remote"}
   */
  resolve?: "remote" | "local";
  /**
   * Resolver for host names with `resolve: "local"`.
   *
   * @default The system's getaddrinfo.
   */
  resolver?: Resolver;
}

/**
 * Makes a dialer through a SOCKS4 or SOCKS4a proxy. It supports IPv4 addresses, and names that have
 * one.
 *
 * @example
 * const dialer = socks4Dialer({ server: "127.0.0.1:1080", userId: "alice" });
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 *
 * @param options The proxy's address, and options of the request.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If an option is invalid; the message names it and does not show
 *   the user id.
 */
export function socks4Dialer(options: Socks4DialerOptions): ContextDialer {
  const read = readOptions("socks4Dialer", options, socks4Options);
  const { userId = "", resolve, resolver = systemResolver } = read;
  const { via = defaultVia(), timeoutMs = defaultTimeoutMs } = read;
  encodeSocks4UserId(userId);
  return makeProxyDialer({
    scheme: resolve === "local" ? "socks4" : "socks4a",
    authenticates: userId !== "",
    server: proxyServer(read.server),
    via,
    before: via,
    timeoutMs,
    lookup: resolve === "local" ? { resolver, families: [4] } : undefined,
    handshake(target) {
      // Made before the dial, so that a target which SOCKS4 cannot express fails without a
      // connection.
      const codec = new Socks4Codec({ target, userId });
      return { begin: () => codec };
    },
  });
}

const socks4Options: OptionChecks<Socks4DialerOptions> = {
  ...proxyServerOptions,
  ...lookupOptions,
  // Validated when it is encoded.
  userId: unchecked,
};
