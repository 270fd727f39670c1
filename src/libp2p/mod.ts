/**
 * A js-libp2p transport that takes your dialer, in the place of `@libp2p/tcp`. Needs Node 22 or later, as js-libp2p does,
 * and `@libp2p/interface`, `@libp2p/utils` and `@libp2p/tcp` beside it.
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
export type { Addr, TcpAddr, UnixAddr } from "../core/addr.ts";
export type { Conn } from "../core/conn.ts";
export type { DialEvent, DialEventBase, DialEventBody } from "../core/dial_event.ts";
export type { DialFailure, DialOutcome, DialReport } from "../core/dial_report.ts";
export type {
  ContextDialer,
  DialerForAddr,
  DialOptions,
  Multiaddr,
  Network,
} from "../core/dialer.ts";
export type { TxtResolver } from "../resolve/txt_resolver.ts";
