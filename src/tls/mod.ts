/**
 * TLS over the connections of any dialer, on every runtime.
 *
 * @example
 * import { systemDialer } from "@anydial/dialer";
 * import { withTls } from "@anydial/dialer/tls";
 *
 * const dialer = withTls(systemDialer({ timeoutMs: 5_000 }));
 * const conn = await dialer.dialContext("tcp", "peer.example:443");
 *
 * @module
 */
export type { TlsConn, TlsInfo } from "./tls_conn.ts";
export type { TlsOptions } from "./tls_options.ts";
export { type TlsDialer, withTls } from "./with_tls.ts";
