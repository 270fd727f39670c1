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

/** Options of {@linkcode httpConnectDialer}. */
export interface HttpConnectDialerOptions extends ProxyServerOptions {
  /**
   * User name and password for Basic authentication (RFC 7617), or a function that returns them at
   * each dial, for credentials that rotate. Without TLS they are readable on the network path to
   * the proxy.
   *
   * @default {undefined} None are sent.
   */
  credentials?: ProxyCredentials | CredentialsSource;
  /**
   * Additional header fields of the CONNECT request, such as `User-Agent` or another scheme of
   * `Proxy-Authorization`. Their values are treated as secrets and never appear in errors.
   *
   * @default {{}}
   */
  headers?: HttpHeaders;
  /**
   * TLS to the proxy: `true`, or options. The certificate must match the host name of the proxy, or
   * `serverName`, which a unix path requires.
   *
   * @default {false}
   */
  tls?: boolean | ProxyTlsOptions;
}

/** TLS options for a proxy; the protocol inside TLS is always HTTP/1.1. */
export type ProxyTlsOptions = Omit<TlsOptions, "alpnProtocols">;

/**
 * Makes a dialer through an HTTP proxy by CONNECT (RFC 9110 §9.3.6).
 *
 * The proxy resolves host names. Bytes that arrive with its response are the first bytes of the
 * connection. A refusal is a `DialError` whose `cause` has the status, the challenges and the
 * beginning of the body.
 *
 * @example
 * const credentials = { username: "alice", password };
 * const dialer = httpConnectDialer({ server: "proxy.example:8080", credentials });
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 *
 * @param options The proxy's address, and options of the request.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If an option is invalid; the message names it and shows no
 *   header value and no credential.
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

/** Checks TLS options for a proxy; also an option of `proxyDialer`. */
export const checkProxyTls: OptionCheck<ProxyTlsOptions> = nested<ProxyTlsOptions>(proxyTlsOptions);

/** Copies header fields; `httpConnectHeader` validates them with the credentials. */
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
