import type { ContextDialer } from "../../core/dialer.ts";
import { nested, type OptionCheck, type OptionChecks, readOptions } from "../../core/options.ts";
import { shownValue } from "../../core/value_kind.ts";
import { type TlsOptions, withTls } from "../../tls/mod.ts";
import { tlsOptions } from "../../tls/tls_options.ts";
import { askCredentials, type CredentialsSource } from "../handshake/credentials_source.ts";
import { HttpConnectCodec } from "./http_connect_codec.ts";
import { headerFields, httpConnectHeader, type HttpHeaders } from "./http_connect_request.ts";
import { makeProxyDialer } from "../dial/proxy_context_dialer.ts";
import type { ProxyCredentials } from "../handshake/proxy_credentials.ts";
import {
  checkCredentials,
  defaultTimeoutMs,
  defaultVia,
  type ProxyServerOptions,
  proxyServerOptions,
} from "../dial/proxy_dialer_options.ts";
import { proxyServer } from "../url/proxy_server.ts";

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
  tls?: boolean | ProxyTlsOptions;
}

/** How TLS is made with a proxy; the protocol within is HTTP/1.1. */
export type ProxyTlsOptions = Omit<TlsOptions, "alpnProtocols">;

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
export function httpConnectDialer(options: HttpConnectDialerOptions): ContextDialer {
  const read = readOptions("httpConnectDialer", options, httpConnectOptions);
  const { credentials, headers, tls = false, via: before = defaultVia() } = read;
  const { timeoutMs = defaultTimeoutMs } = read;
  const via = tls === false
    ? before
    : withTls(before, { ...(tls === true ? {} : tls), alpnProtocols: ["http/1.1"] });
  const ask = typeof credentials === "function" ? credentials : undefined;
  const header = httpConnectHeader(headers, ask ? undefined : credentials as ProxyCredentials);
  return makeProxyDialer({
    scheme: tls === false ? "http" : "https",
    authenticates: ask !== undefined || header.authenticates,
    server: proxyServer(read.server),
    via,
    before,
    timeoutMs,
    lookup: undefined,
    handshake(target, request) {
      if (ask === undefined) return { begin: () => new HttpConnectCodec({ target, header }) };
      return askCredentials(ask, request, (credentials) => {
        const header = httpConnectHeader(headers, credentials);
        return { begin: () => new HttpConnectCodec({ target, header }) };
      });
    },
  });
}

const { alpnProtocols: _, ...proxyTlsOptions } = tlsOptions;

/** How TLS is made with a proxy, as an option of another dialer. */
export const checkProxyTls: OptionCheck<ProxyTlsOptions> = nested<ProxyTlsOptions>(proxyTlsOptions);

/** Takes header fields as they are now; they are checked with the credentials. */
export const checkHeaders: OptionCheck<HttpHeaders> = headerFields;

const httpConnectOptions: OptionChecks<HttpConnectDialerOptions> = {
  ...proxyServerOptions,
  credentials: checkCredentials,
  headers: checkHeaders,
  tls(value, name) {
    if (typeof value === "boolean") return value;
    if (typeof value === "object" && value !== null) return checkProxyTls(value, name);
    throw new TypeError(`tls must be a boolean or options, not ${shownValue(value)}`);
  },
};
