/**
 * Dialers through proxies: SOCKS5, SOCKS4 and 4a, HTTP CONNECT, over anything that dials, so that they chain.
 *
 * @example
 * import { socks5Dialer } from "@anydial/dialer/proxy";
 *
 * const dialer = socks5Dialer({ server: "127.0.0.1:1080" });
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 *
 * @module
 */
export {
  checkProxy,
  type ProxyCheck,
  type ProxyCheckLevel,
  type ProxyCheckOptions,
} from "./check_proxy.ts";
export type { CredentialsSource } from "./credentials_source.ts";
export type { ProxyReply } from "./handshake_codec.ts";
export {
  httpConnectDialer,
  type HttpConnectDialerOptions,
  type ProxyTLSOptions,
} from "./http_connect_dialer.ts";
export type { HttpHeaders } from "./http_connect_request.ts";
export type { CredentialsRequest } from "./proxy_config.ts";
export type { ProxyDialer } from "./proxy_context_dialer.ts";
export type { ProxyCredentials } from "./proxy_credentials.ts";
export { proxyDialer, type ProxyDialerOptions } from "./proxy_dialer.ts";
export type { ProxyServerOptions } from "./proxy_dialer_options.ts";
export type { EnvGetter } from "./proxy_env.ts";
export { proxyFromEnv, type ProxyFromEnvOptions } from "./proxy_from_env.ts";
export type { ProxyProtocolTlv } from "./proxy_protocol_codec.ts";
export { ProxyRefusedError } from "./proxy_refused_error.ts";
export { socks4Dialer, type Socks4DialerOptions } from "./socks4_dialer.ts";
export { socks5Dialer, type Socks5DialerOptions } from "./socks5_dialer.ts";
export type { SocksIsolation, SocksIsolationOptions } from "./socks_isolation.ts";
export { type ProxyProtocolOptions, withProxyProtocol } from "./with_proxy_protocol.ts";
