import type { ContextDialer } from "../core/dialer.ts";
import { type TLSOptions, withTLS } from "../tls/mod.ts";
import { askCredentials, type CredentialsSource } from "./credentials_source.ts";
import { HttpConnectCodec } from "./http_connect_codec.ts";
import { httpConnectHeader, type HttpHeaders } from "./http_connect_request.ts";
import { makeProxyDialer, type ProxyDialer } from "./proxy_context_dialer.ts";
import type { ProxyCredentials } from "./proxy_credentials.ts";
import { checkedTimeout, checkedVia, type ProxyServerOptions } from "./proxy_dialer_options.ts";
import { proxyServer } from "./proxy_server.ts";

/** How {@linkcode httpConnectDialer} reaches its proxy, and what it asks for. */
export interface HttpConnectDialerOptions extends ProxyServerOptions {
  /**
   * User name and password for Basic authentication (RFC 7617), or a function that is asked at each dial, for those that
   * rotate. Without TLS anybody on the way to the proxy can read them.
   *
   * @default {undefined} None are sent.
   */
  credentials?: ProxyCredentials | CredentialsSource;
  /**
   * Own header fields of the CONNECT request, such as `User-Agent` or another kind of `Proxy-Authorization`. Their values are
   * taken for secrets and show nowhere.
   *
   * @default {{}}
   */
  headers?: HttpHeaders;
  /**
   * Makes TLS with the proxy: `true`, or how. Its certificate has to be for the proxy's name, or for `serverName`, which a unix
   * path needs.
   *
   * @default {false}
   */
  tls?: boolean | ProxyTLSOptions;
}

/** How TLS is made with a proxy; the protocol within is HTTP/1.1. */
export type ProxyTLSOptions = Omit<TLSOptions, "alpnProtocols">;

/**
 * Makes a dialer through an HTTP proxy by CONNECT (RFC 9110 §9.3.6).
 *
 * The proxy looks host names up. What it sends together with its answer are the first bytes of the connection. A refusal is
 * a `DialError` whose `cause` has the status, the challenges and the beginning of the body.
 *
 * @example
 * const dialer = httpConnectDialer({ server: "proxy.example:8080", credentials: { username: "alice", password } });
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 *
 * @param options Where the proxy is, and what is asked of it.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If an option is unusable; the message names it and shows no value of a header field and no
 *   credential.
 */
export function httpConnectDialer(options: HttpConnectDialerOptions): ProxyDialer {
  const { credentials, headers } = options;
  const before = checkedVia(options.via);
  const { tls = false } = options;
  const via = tls === false ? before : withProxyTLS(before, tls === true ? {} : tls);
  const pairs = fieldsOf(headers);
  const ask = typeof credentials === "function" ? credentials : undefined;
  const header = httpConnectHeader(pairs, ask ? undefined : credentials as ProxyCredentials);
  return makeProxyDialer({
    scheme: tls === false ? "http" : "https",
    authenticates: ask !== undefined || header.authenticates,
    server: proxyServer(options.server),
    via,
    before,
    timeoutMs: checkedTimeout(options.timeoutMs),
    handshake(target, request) {
      if (ask === undefined) return { begin: () => new HttpConnectCodec({ target, header }) };
      return askCredentials(ask, request, (credentials) => {
        const header = httpConnectHeader(pairs, credentials);
        return { begin: () => new HttpConnectCodec({ target, header }) };
      });
    },
  });
}

/** The fields as they are now. */
function fieldsOf(headers: HttpHeaders | undefined): HttpHeaders | undefined {
  // What is neither is refused where they are checked.
  if (typeof headers !== "object" || headers === null) return headers;
  return Symbol.iterator in headers ? [...headers] : Object.entries(headers);
}

function withProxyTLS(dialer: ContextDialer, tls: ProxyTLSOptions): ContextDialer {
  if (typeof tls !== "object" || tls === null) {
    throw new TypeError(`tls must be a boolean or options, not ${String(tls)}`);
  }
  return withTLS(dialer, { ...tls, alpnProtocols: ["http/1.1"] });
}
