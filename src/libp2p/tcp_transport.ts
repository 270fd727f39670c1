import type {
  ComponentLogger as Libp2pComponentLogger,
  Connection as Libp2pConnection,
  DialTransportOptions as Libp2pDialTransportOptions,
  Metrics as Libp2pMetrics,
  MultiaddrConnection as Libp2pMultiaddrConnection,
  OutboundConnectionUpgradeEvents as Libp2pUpgradeEvents,
  Transport as Libp2pTransport,
} from "@libp2p/interface";
import type { DialEvent } from "../core/dial_event.ts";
import type { TcpSocketOptions } from "./tcp_options.ts";

/** libp2p's `ComponentLogger`. */
export type ComponentLogger = Libp2pComponentLogger;

/** libp2p's `Connection`: encrypted and multiplexed. */
export type Connection = Libp2pConnection;

/** libp2p's `DialTransportOptions`. */
export type DialTransportOptions = Libp2pDialTransportOptions<TcpDialEvents>;

/** libp2p's `Metrics`. */
export type Metrics = Libp2pMetrics;

/** libp2p's `MultiaddrConnection`: the input of its upgrader. */
export type MultiaddrConnection = Libp2pMultiaddrConnection;

/** The progress events of libp2p's upgrader. */
export type UpgradeEvents = Libp2pUpgradeEvents;

/** libp2p's `Transport`, with the progress events of this one. */
export type TcpTransport = Libp2pTransport<TcpDialEvents>;

/** The components that libp2p passes to a transport. */
export interface TcpComponents {
  /**
   * Makes the loggers; the scopes are those of `@libp2p/tcp`: `libp2p:tcp`, `libp2p:tcp:connection`
   * …
   */
  logger: ComponentLogger;
  /** Registry of the counters, named as in `@libp2p/tcp`: `libp2p_tcp_dialer_events_total` … */
  metrics?: Metrics;
}

/** The start of a dial. */
export interface TcpOpenEvent {
  /** The type of `@libp2p/tcp`. */
  type: "tcp:open-connection";
  /** Unused. */
  detail: undefined;
}

/** A step of the dial: a lookup, an attempt to connect, or a handshake with a proxy. */
export interface TcpStepEvent {
  /** The kind of the step, and whether it starts or ends. */
  type:
    | "tcp:lookup-start"
    | "tcp:lookup-end"
    | "tcp:attempt-start"
    | "tcp:attempt-end"
    | "tcp:handshake-start"
    | "tcp:handshake-end";
  /** The event of the dialer. */
  detail: DialEvent;
}

/** The progress events of a dial. */
export type TcpDialEvents = UpgradeEvents | TcpOpenEvent | TcpStepEvent;

/**
 * The options of a dial, which libp2p sets. `keepAliveInitialDelay` is not passed to a dialer of
 * the caller.
 */
export interface TcpDialOptions extends DialTransportOptions, TcpSocketOptions {}
