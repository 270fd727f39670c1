/**
 * Dialers through proxies: SOCKS5, SOCKS4, SOCKS4a and HTTP CONNECT. Each works over any dialer, so
 * proxies chain.
 *
 * @example
 * import { socks5Dialer } from "@anydial/dialer/proxy";
 *
 * const dialer = socks5Dialer({ server: "127.0.0.1:1080" });
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 *
 * @module
 */
export { checkProxy, type ProxyCheck, type ProxyCheckOptions } from "./check/check_proxy.ts";
export type { ProxyCheckLevel } from "./check/phase_times.ts";
export type { CredentialsSource } from "./handshake/credentials_source.ts";
export type { ProxyReply } from "./handshake/proxy_codec.ts";
export {
  httpConnectDialer,
  type HttpConnectDialerOptions,
  type ProxyTlsOptions,
} from "./http/http_connect_dialer.ts";
export type { HttpHeaders } from "./http/http_connect_request.ts";
export type { CredentialsRequest } from "./dial/proxy_config.ts";
export type { ProxyCredentials } from "./handshake/proxy_credentials.ts";
export { proxyDialer, type ProxyDialerOptions } from "./url/proxy_dialer.ts";
export type { ProxyServerOptions } from "./dial/proxy_dialer_options.ts";
export { proxyFromEnv, type ProxyFromEnvOptions } from "./env/proxy_from_env.ts";
export type { ProxyProtocolTlv } from "./haproxy/proxy_protocol_codec.ts";
export { ProxyRefusedError } from "./handshake/proxy_refused_error.ts";
export { socks4Dialer, type Socks4DialerOptions } from "./socks/socks4_dialer.ts";
export { socks5Dialer, type Socks5DialerOptions } from "./socks/socks5_dialer.ts";
export type { SocksIsolation, SocksIsolationOptions } from "./socks/socks_isolation.ts";
export { type ProxyProtocolOptions, withProxyProtocol } from "./haproxy/with_proxy_protocol.ts";
