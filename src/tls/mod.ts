/**
 * TLS over the connections of any dialer, on every runtime.
 *
 * @example
 * import { systemDialer } from "@anydial/dialer";
 * import { withTLS } from "@anydial/dialer/tls";
 *
 * const dialer = withTLS(systemDialer({ timeoutMs: 5_000 }));
 * const conn = await dialer.dialContext("tcp", "peer.example:443");
 *
 * @module
 */
export type { TLSConn, TLSInfo } from "./tls_conn.ts";
export type { PEM, TLSOptions } from "./tls_options.ts";
export { type TLSDialer, withTLS } from "./with_tls.ts";
