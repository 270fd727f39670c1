import type { ContextDialer } from "../../core/dialer.ts";
import { dialer, milliseconds, type OptionChecks, readOptions } from "../../core/options.ts";
import type { Resolver } from "../../resolver/resolver.ts";
import {
  checkHeaders,
  checkProxyTls,
  httpConnectDialer,
  type ProxyTlsOptions,
} from "../http/http_connect_dialer.ts";
import type { HttpHeaders } from "../http/http_connect_request.ts";
import { defaultVia, lookupOptions } from "../dial/proxy_dialer_options.ts";
import { serverAt } from "./proxy_server.ts";
import { parseProxyUrl, type ProxyUrl, redactProxyUrl } from "./proxy_url.ts";
import { socks4Dialer } from "../socks/socks4_dialer.ts";
import { socks5Dialer, socks5HandshakeOptions } from "../socks/socks5_dialer.ts";
import type { SocksIsolation } from "../socks/socks_isolation.ts";

/** Options of {@linkcode proxyDialer}. */
export interface ProxyDialerOptions {
  /**
   * Dialer for the proxy, or for the first one of a chain.
   *
   * @default {systemDialer()}
   */
  via?: ContextDialer;
  /**
   * Milliseconds for the whole dial, through all proxies.
   *
   * @default {120000}
   */
  timeoutMs?: number;
  /**
   * Resolver for host names with `socks5` and `socks4`.
   *
   * @default The system's getaddrinfo.
   */
  resolver?: Resolver;
  /**
   * The order of the handshake with a SOCKS5 proxy.
   *
   * @default {"auto"}
   */
  handshake?: "auto" | "sequential" | "pipelined";
  /**
   * Most milliseconds that `handshake: "auto"` waits for a SOCKS5 proxy's answer to pipelined
   * credentials.
   *
   * @default {1000}
   */
  stallMs?: number;
  /**
   * Keeps Tor from using one circuit for unrelated connections. In a chain it applies to the last
   * proxy, which must be SOCKS5 without credentials.
   *
   * @default {undefined} Tor decides.
   */
  isolation?: SocksIsolation;
  /**
   * TLS options for `https` proxies.
   *
   * @default {{}} The same as for a web server.
   */
  tls?: ProxyTlsOptions;
  /**
   * Additional header fields for `http` and `https` proxies.
   *
   * @default {{}}
   */
  headers?: HttpHeaders;
}

/**
 * Makes a dialer from a proxy URL, or from several for a chain, in the order in which the bytes
 * pass them.
 *
 * - `socks5://`, `socks4://`: names are resolved locally; `socks5h://`, `socks4a://`: by the proxy;
 *   `socks://` is `socks5h://`;
 * - `http://`: CONNECT; `https://`: the same over TLS;
 * - `socks5h+unix:///run/tor/socks`: any of them over a unix socket; for SOCKS also in curl's form,
 *   `socks5h://localhost/run/tor/socks`.
 *
 * User names and passwords are percent-encoded; SOCKS4 has a user name only. The default ports are
 * 1080, 80 and 443. `String(dialer)` returns the URLs with `***` for the user info.
 *
 * @example
 * const tor = proxyDialer("socks5h://127.0.0.1:9050");
 * const both = proxyDialer(["https://alice:secret@proxy.example", "socks5h://10.0.0.2"]);
 *
 * @param url The URL, or several.
 * @param options Settings that a URL cannot express.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If there is no URL, one is invalid, or an option is invalid. The
 *   message shows no user info.
 */
export function proxyDialer(
  url: string | readonly string[],
  options: ProxyDialerOptions = {},
): ContextDialer {
  const urls = typeof url === "string" ? [url] : url;
  if (!Array.isArray(urls)) throw new TypeError("a proxy must be a URL, or an array of URLs");
  const read = readOptions("proxyDialer", options, proxyDialerOptions);
  return chainOfProxies(urls.map((each) => parseProxyUrl(each)), read);
}

/** Checks of {@linkcode ProxyDialerOptions}. */
export const proxyDialerOptions: OptionChecks<ProxyDialerOptions> = {
  via: dialer,
  timeoutMs: milliseconds(),
  resolver: lookupOptions.resolver,
  ...socks5HandshakeOptions,
  tls: checkProxyTls,
  headers: checkHeaders,
};

/** Makes the dialer from parsed proxy URLs and checked options. */
export function chainOfProxies(
  urls: readonly ProxyUrl[],
  options: ProxyDialerOptions,
): ContextDialer {
  let last: ContextDialer | undefined;
  for (const [index, url] of urls.entries()) {
    const isolation = index === urls.length - 1 ? options.isolation : undefined;
    try {
      last = dialerOf(url, options, last ?? options.via ?? defaultVia(), isolation);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      error.message = `Cannot use proxy "${redactProxyUrl(url)}": ${error.message}`;
      throw error;
    }
  }
  if (last === undefined) throw new TypeError("there must be a proxy, not an empty list");
  return last;
}

function dialerOf(
  url: ProxyUrl,
  options: ProxyDialerOptions,
  via: ContextDialer,
  isolation: SocksIsolation | undefined,
): ContextDialer {
  const { scheme, password = "" } = url;
  const username = Object.hasOwn(url, "username") ? url.username : undefined;
  const { timeoutMs, resolver, handshake, stallMs, headers, tls = {} } = options;
  const server = { server: serverAt(url.server).address, via, timeoutMs };
  const credentials = username === undefined ? undefined : { username, password };
  if (isolation !== undefined && !scheme.startsWith("socks5")) {
    throw new TypeError("isolation is for SOCKS5");
  }
  const resolve = scheme === "socks5" || scheme === "socks4" ? "local" : "remote";
  if (scheme.startsWith("socks5")) {
    return socks5Dialer({
      ...server,
      ...{ resolve, resolver, credentials, isolation, handshake, stallMs },
    });
  }
  if (scheme.startsWith("socks4")) {
    return socks4Dialer({ ...server, resolve, resolver, userId: username });
  }
  const secure = scheme === "https" ? { tls } : {};
  return httpConnectDialer({ ...server, credentials, headers, ...secure });
}
