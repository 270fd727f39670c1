/**
 * One dialer for every runtime: Go's `ContextDialer` with AbortSignal semantics over Deno's, Node's
 * and Bun's sockets.
 *
 * @example
 * import { systemDialer } from "@anydial/dialer";
 *
 * const dialer = systemDialer({ timeoutMs: 5_000 });
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 * await conn.write(new TextEncoder().encode("hello\n"));
 * conn.close();
 *
 * @module
 */
export { systemDialer } from "./adapters/system.ts";
export type { Addr, TcpAddr, UnixAddr } from "./src/core/addr.ts";
export type { Conn } from "./src/core/conn.ts";
export type { ConnError } from "./src/core/conn_error.ts";
export {
  DialError,
  type DialErrorInit,
  type DialPhase,
  isDialError,
} from "./src/core/dial_error.ts";
export type {
  DialErrorCode,
  ProxyErrorCode,
  SystemErrorCode,
  TlsErrorCode,
} from "./src/core/dial_error_code.ts";
export type { DialEvent, StepEnd, StepPoint, StepStart } from "./src/core/dial_event.ts";
export type { DialFailure, DialOutcome, DialReport, ReportSource } from "./src/core/dial_report.ts";
export type { Network } from "./src/core/addr.ts";
export type { ContextDialer, DialerForAddr, DialOptions, Multiaddr } from "./src/core/dialer.ts";
export { type HostPort, joinHostPort, splitHostPort } from "./src/core/host_port.ts";
export { composeDialer } from "./src/dial/compose_dialer.ts";
export type { Dial, DialScope, ThroughChange } from "./src/dial/dial.ts";
export type { PendingStep } from "./src/dial/step_kinds.ts";
export type { IpFamily } from "./src/ip/ip_literal.ts";
export type { SystemDialerOptions } from "./src/net/net_dialer_options.ts";
export type { LookupOptions, Resolver } from "./src/resolver/resolver.ts";
