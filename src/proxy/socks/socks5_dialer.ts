import type { ContextDialer } from "../../core/dialer.ts";
import { milliseconds, oneOf, type OptionChecks, readOptions } from "../../core/options.ts";
import type { Resolver } from "../../resolver/resolver.ts";
import { systemResolver } from "../../resolver/system_resolver.ts";
import { askCredentials, type CredentialsSource } from "../handshake/credentials_source.ts";
import type { Negotiation } from "../handshake/negotiation.ts";
import { LoginCodec } from "./login_codec.ts";
import { PipeliningCache } from "./pipelining_cache.ts";
import { makeProxyDialer } from "../dial/proxy_context_dialer.ts";
import type { CredentialsRequest, ProxyConfig } from "../dial/proxy_config.ts";
import type { ProxyCredentials } from "../handshake/proxy_credentials.ts";
import {
  checkCredentials,
  defaultTimeoutMs,
  defaultVia,
  lookupOptions,
  type ProxyServerOptions,
  proxyServerOptions,
} from "../dial/proxy_dialer_options.ts";
import { proxyServer } from "../url/proxy_server.ts";
import { socks5Negotiation } from "./socks5_negotiation.ts";
import { encodeSocks5Credentials } from "./socks5_request.ts";
import { checkIsolation, type SocksIsolation, socksIsolation } from "./socks_isolation.ts";

/** How {@linkcode socks5Dialer} reaches its proxy, and what it asks for. */
export interface Socks5DialerOptions extends ProxyServerOptions {
  /**
   * User name and password, 1 to 255 bytes each in UTF-8, or a function that is asked at each dial,
   * for those that rotate.
   *
   * @default {undefined} None are offered.
   */
  credentials?: ProxyCredentials | CredentialsSource;
  /**
   * Who looks names up: the proxy (`socks5h`), or `resolver` here. Names under `.onion` are never
   * looked up here. Where the proxy does it, `tcp4` and `tcp6` cannot be told to it and only bind
   * what is dialed as an address.
   *
   * @default {"remote"}
   */
  resolve?: "remote" | "local";
  /**
   * Who looks names up with `resolve: "local"`.
   *
   * @default The system's getaddrinfo.
   */
  resolver?: Resolver;
  /**
   * Keeps Tor from using one circuit for what is not to be linked. Takes the place of
   * `credentials`.
   *
   * @default {undefined} Tor decides.
   */
  isolation?: SocksIsolation;
  /**
   * How the handshake goes: `"sequential"`, each message after the answer to the one before;
   * `"pipelined"`, all in one flight, which saves a round trip, and another one with credentials;
   * or `"auto"`:
   *
   * - with credentials or isolation, in one flight. A proxy that discards what follows the greeting
   *   leaves the credentials unanswered: after a few of its round trips (as seen while connecting
   *   to it; at least 100 ms, at most `stallMs`) it is asked again step by step, over a new
   *   connection. The result is remembered for each proxy;
   * - without credentials, step by step, unless the proxy is known to take a flight: there the next
   *   answer may have to wait for the target, so that silence means nothing.
   *
   * No dial fails for a trial that it has the time for. **The target sees a second connection only
   * where the proxy itself took longer than that bound** to answer the credentials, or hung up on
   * the flight after it had connected to the target.
   *
   * @default {"auto"}
   */
  handshake?: "auto" | "sequential" | "pipelined";
  /**
   * The longest time in milliseconds that `"auto"` waits for a proxy's answer to credentials sent
   * in one flight. A dial that ends during this wait fails, and the next one goes step by step.
   *
   * @default {1000}
   */
  stallMs?: number;
}

/**
 * Makes a dialer through a SOCKS5 proxy (RFC 1928), with user name and password (RFC 1929) where
 * given.
 *
 * The proxy looks host names up (`socks5h`) unless `resolve` is `"local"`; Unicode names are sent
 * as A-labels. Bytes that the proxy sends together with its reply are the first bytes of the
 * connection. Its `remoteAddr` is the target as asked for, and its `hops` end with the proxy.
 *
 * @example
 * const dialer = socks5Dialer({ server: "127.0.0.1:1080" });
 * const conn = await dialer.dialContext("tcp", "peer.example:4001", { signal: AbortSignal.timeout(5_000) });
 *
 * @param options Where the proxy is, and what is asked of it.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If an option is unusable: `server` is no host:port or path, a
 *   credential is empty or longer than 255 bytes. The message names it and shows no secret.
 */
export function socks5Dialer(options: Socks5DialerOptions): ContextDialer {
  const read = readOptions("socks5Dialer", options, socks5Options);
  const { credentials, isolation, resolve, resolver = systemResolver } = read;
  const { via = defaultVia(), timeoutMs = defaultTimeoutMs } = read;
  const server = proxyServer(read.server);
  if (isolation !== undefined && credentials !== undefined) {
    throw new TypeError("isolation and credentials exclude each other: to Tor they are the same");
  }
  return makeProxyDialer({
    scheme: resolve === "local" ? "socks5" : "socks5h",
    authenticates: credentials !== undefined || isolation !== undefined,
    server,
    via,
    before: via,
    timeoutMs,
    lookup: resolve === "local" ? { resolver, families: [6, 4] } : undefined,
    ...handshakes(read, PipeliningCache.of(via), `${server.network} ${server.address}`),
  });
}

/** What only SOCKS5 has. */
export const socks5HandshakeOptions: OptionChecks<
  Pick<Socks5DialerOptions, "isolation" | "handshake" | "stallMs">
> = {
  isolation: checkIsolation,
  handshake: oneOf("auto", "sequential", "pipelined"),
  stallMs: milliseconds(),
};

const socks5Options: OptionChecks<Socks5DialerOptions> = {
  ...proxyServerOptions,
  ...lookupOptions,
  ...socks5HandshakeOptions,
  credentials: checkCredentials,
};

/** What differs with the credentials. */
interface Login {
  readonly credentials: ProxyCredentials | undefined;
  readonly requireCredentials: boolean;
}

function handshakes(
  options: Socks5DialerOptions,
  cache: PipeliningCache,
  server: string,
): Required<Pick<ProxyConfig, "handshake" | "login">> {
  const { handshake = "auto", stallMs = 1_000 } = options;
  const withLogin = logins(options);
  return {
    handshake: (target, request) =>
      withLogin(request, (login) => {
        return socks5Negotiation({ target, ...login }, handshake, { cache, server, stallMs });
      }),
    login: (request) => withLogin(request, (login) => ({ begin: () => new LoginCodec(login) })),
  };
}

type WithLogin = (
  request: CredentialsRequest,
  use: (login: Login) => Negotiation,
) => Negotiation | Promise<Negotiation>;

/** Finds the credentials of a dial, which may take some time. */
function logins({ credentials, isolation }: Socks5DialerOptions): WithLogin {
  if (isolation !== undefined) {
    const isolate = socksIsolation(isolation);
    return ({ address }, use) => use({ credentials: isolate(address), requireCredentials: true });
  }
  if (typeof credentials === "function") {
    return (request, use) =>
      askCredentials(credentials, request, (given) => use(checkedLogin(given)));
  }
  const login = checkedLogin(credentials);
  return (_, use) => use(login);
}

function checkedLogin(credentials: ProxyCredentials | undefined): Login {
  if (credentials !== undefined) encodeSocks5Credentials(credentials);
  return { credentials, requireCredentials: false };
}
