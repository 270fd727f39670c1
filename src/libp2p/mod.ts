/**
 * A js-libp2p transport that dials through your dialer, in place of `@libp2p/tcp`. Needs Node 22 or
 * later, as js-libp2p does, and the packages `@libp2p/interface`, `@libp2p/utils` and
 * `@libp2p/tcp`.
 *
 * @example
 * import { socks5Dialer } from "@anydial/dialer/proxy";
 * import { tcp } from "@anydial/dialer/libp2p";
 * import { createLibp2p } from "libp2p";
 *
 * const node = await createLibp2p({
 *   transports: [tcp({ dialer: socks5Dialer({ server: "127.0.0.1:9050" }) })],
 * });
 *
 * @module
 */
export { tcp } from "./tcp.ts";
export { type ConnectionReport, dialReportOf } from "./dial_report_of.ts";
export type { CloseServerOnMaxConnections, TcpOptions, TcpSocketOptions } from "./tcp_options.ts";
export type {
  ComponentLogger,
  Connection,
  DialTransportOptions,
  Metrics,
  MultiaddrConnection,
  TcpComponents,
  TcpDialEvents,
  TcpDialOptions,
  TcpOpenEvent,
  TcpStepEvent,
  TcpTransport,
  UpgradeEvents,
} from "./tcp_transport.ts";
