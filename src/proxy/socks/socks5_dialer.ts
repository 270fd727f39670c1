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

/** Options of {@linkcode socks5Dialer}. */
export interface Socks5DialerOptions extends ProxyServerOptions {
  /**
   * User name and password, 1 to 255 bytes each in UTF-8, or a function that returns them at each
   * dial, for credentials that rotate.
   *
   * @default {undefined} None are offered.
   */
  credentials?: ProxyCredentials | CredentialsSource;
  /**
   * Where names are resolved: by the proxy (`socks5h`), or locally by `resolver`. Names under
   * `.onion` are never resolved locally. With `"remote"`, `tcp4` and `tcp6` apply to IP addresses
   * only: SOCKS5 cannot express a family for a name.
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
  /**
   * Keeps Tor from using one circuit for unrelated connections. Excludes `credentials`.
   *
   * @default {undefined} Tor decides.
   */
  isolation?: SocksIsolation;
  /**
   * The order of the handshake: `"sequential"` sends each message after the answer to the previous
   * one. `"pipelined"` sends all in one flight, which saves a round trip, and a second one with
   * credentials. `"auto"` chooses:
   *
   * - With credentials or isolation, in one flight. A proxy that discards pipelined data does not
   *   answer the credentials. After a few of its round trips (as measured while connecting; at
   *   least 100 ms, at most `stallMs`) the handshake is repeated step by step, over a new
   *   connection. The result is cached per proxy.
   * - Without credentials, step by step, unless the proxy is known to support pipelining: the next
   *   answer may depend on the target, so a missing answer proves nothing.
   *
   * A trial does not fail a dial that has time left for the second handshake. **The target sees a
   * second connection only if the proxy exceeded that limit** before it answered the credentials,
   * or closed the pipelined connection after it had connected to the target.
   *
   * @default {"auto"}
   */
  handshake?: "auto" | "sequential" | "pipelined";
  /**
   * Most milliseconds that `"auto"` waits for a proxy's answer to pipelined credentials. A dial
   * that ends during this wait fails, and the next one goes step by step.
   *
   * @default {1000}
   */
  stallMs?: number;
}

/**
 * Makes a dialer through a SOCKS5 proxy (RFC 1928), with user name and password (RFC 1929) where
 * given.
 *
 * The proxy resolves host names (`socks5h`) unless `resolve` is `"local"`; Unicode names are sent
 * as A-labels. Bytes that arrive with the proxy's reply are the first bytes of the connection. Its
 * `remoteAddr` is the target as given, and its `hops` end with the proxy.
 *
 * @example
 * const dialer = socks5Dialer({ server: "127.0.0.1:1080" });
 * const signal = AbortSignal.timeout(5_000);
 * const conn = await dialer.dialContext("tcp", "peer.example:4001", { signal });
 *
 * @param options The proxy's address, and options of the handshake.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If an option is invalid: `server` is not host:port or a path, or
 *   a credential is empty or longer than 255 bytes. The message names it and shows no secret.
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

/** Checks of the options that only SOCKS5 has. */
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

/** The options of a handshake that depend on the credentials. */
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

/** Returns a function that gets the credentials of a dial, possibly asynchronously. */
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
