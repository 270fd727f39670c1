import {
  AbortError,
  type CounterGroup,
  type Listener,
  type Logger,
  serviceCapabilities,
  transportSymbol,
} from "@libp2p/interface";
import { tcp as listeningTcp } from "@libp2p/tcp";
import type { Conn } from "../core/conn.ts";
import { isDialError } from "../core/dial_error.ts";
import type { DialEvent } from "../core/dial_event.ts";
import type { Multiaddr } from "../core/dialer.ts";
import { abortable, linkedController } from "../dial/signals.ts";
import { setStreamsOf, toMultiaddrConnection } from "./conn_multiaddr_connection.ts";
import { rememberConn } from "./dial_report_of.ts";
import { sharedCounters } from "./shared_counters.ts";
import { TcpDialer } from "./tcp_dialer.ts";
import { readTcpOptions, type TcpOptions, type TcpSocketOptions } from "./tcp_options.ts";
import type {
  Connection,
  MultiaddrConnection,
  TcpComponents,
  TcpDialEvents,
  TcpDialOptions,
  TcpStepEvent,
  TcpTransport,
} from "./tcp_transport.ts";

/** The default of `@libp2p/tcp`. */
const defaultInactivityTimeoutMs = 120_000;

/**
 * Makes libp2p's TCP transport, which dials through a dialer of this package or any other. It
 * replaces `@libp2p/tcp`, with the same options, metrics, log scopes and progress events, and uses
 * its listener.
 *
 * Host names are not resolved here: a dialer gets `peer.example:4001` for
 * `/dns4/peer.example/tcp/4001`, with `tcp4` as its network, so that a proxy can resolve it. With a
 * dialer of the caller, `/onion3/…:port` is dialed too, as `….onion:port`.
 *
 * @example
 * const node = await createLibp2p({
 *   transports: [tcp({ dialer: socks5Dialer({ server: "127.0.0.1:9050" }) })],
 *   connectionEncrypters: [noise()],
 *   streamMuxers: [yamux()],
 * });
 *
 * @param options The dialer and the options of the transport; by default it dials with
 *   `systemDialer()`.
 * @returns An entry for `transports` of `createLibp2p`.
 * @throws {TypeError | RangeError} If an option is unusable, or two exclude each other; the message
 *   names them.
 */
export function tcp(options: TcpOptions = {}): (components: TcpComponents) => TcpTransport {
  const read = readTcpOptions(options);
  const dialer = new TcpDialer(read);
  return (components) => transport(components, read, dialer);
}

function transport(
  components: TcpComponents,
  options: TcpOptions,
  dialer: TcpDialer,
): TcpTransport {
  const metrics = components.metrics && sharedCounters(components.metrics);
  const logger = components.logger;
  const dialing = new DialingTcp(
    logger.forComponent("libp2p:tcp"),
    metrics,
    options,
    dialer,
  );
  const listening = listeningTcp(options)({ logger, ...(metrics && { metrics }) });
  return {
    [transportSymbol]: true,
    [Symbol.toStringTag]: "@anydial/tcp",
    [serviceCapabilities]: ["@libp2p/transport"],
    dial: (ma, dialOptions) => dialing.dial(ma, dialOptions),
    createListener: (listenOptions): Listener => listening.createListener(listenOptions),
    listenFilter: (multiaddrs) => listening.listenFilter(multiaddrs),
    dialFilter: (multiaddrs) => dialing.filter(multiaddrs, (ma) => listening.dialFilter([ma])),
  } as TcpTransport;
}

/** The dialing side of the transport. */
class DialingTcp {
  readonly #log: Logger;
  readonly #options: TcpOptions;
  readonly #dialer: TcpDialer;
  readonly #events: CounterGroup | undefined;
  readonly #errors: CounterGroup | undefined;

  constructor(
    log: Logger,
    metrics: TcpComponents["metrics"],
    options: TcpOptions,
    dialer: TcpDialer,
  ) {
    this.#log = log;
    this.#options = options;
    this.#dialer = dialer;
    const help = { label: "event", help: "Total count of TCP dialer events by type" };
    this.#events = metrics?.registerCounterGroup("libp2p_tcp_dialer_events_total", help);
    this.#errors = metrics?.registerCounterGroup("libp2p_tcp_dialer_errors_total", help);
  }

  filter(multiaddrs: Multiaddr[], isTcp: (ma: Multiaddr) => Multiaddr[]): Multiaddr[] {
    return multiaddrs.filter((ma) => this.#dialer.takesSpecially(ma) || isTcp(ma).length > 0);
  }

  async dial(ma: Multiaddr, options: TcpDialOptions): Promise<Connection> {
    options.signal?.throwIfAborted();
    options.onProgress?.(progress("tcp:open-connection"));
    const socketOptions: TcpSocketOptions = {
      noDelay: options.noDelay,
      keepAlive: options.keepAlive,
      keepAliveInitialDelay: options.keepAliveInitialDelay,
    };
    const conn = await this.#open(ma, options, socketOptions);
    const { dialOpts, outboundSocketInactivityTimeout } = this.#options;
    let maConn: MultiaddrConnection;
    try {
      maConn = toMultiaddrConnection({
        conn,
        remoteAddr: ma,
        log: this.#log.newScope("connection"),
        metrics: this.#events,
        inactivityTimeoutMs: outboundSocketInactivityTimeout ?? defaultInactivityTimeoutMs,
        allowHalfOpen: options.allowHalfOpen ?? dialOpts?.allowHalfOpen ?? false,
      });
    } catch (error) {
      this.#errors?.increment({ outbound_to_connection: true });
      conn.close();
      throw error;
    }
    try {
      this.#log("new outbound connection %a", ma);
      const upgrade = options.upgrader.upgradeOutbound(maConn, options);
      // The upgrader replaces the abort reason by its own error, and may wait for a gater that
      // never answers.
      const connection = await abortable(upgrade, options.signal, (late) => {
        late.abort(asError(options.signal.reason));
      });
      rememberConn(connection, conn);
      setStreamsOf(maConn, connection);
      return connection;
    } catch (error) {
      this.#errors?.increment({ outbound_upgrade: true });
      this.#log.error("error upgrading outbound connection - %e", error);
      maConn.abort(asError(error));
      throw error;
    }
  }

  async #open(
    ma: Multiaddr,
    { signal, onProgress }: TcpDialOptions,
    socketOptions: TcpSocketOptions,
  ): Promise<Conn> {
    this.#log("dialing %a", ma);
    const teller = onProgress && forwardProgress(onProgress, signal);
    try {
      const conn = await this.#dialer.dial({
        ma,
        signal: teller?.signal ?? signal,
        onEvent: teller?.onEvent,
        socketOptions,
      });
      this.#log("connection opened %a", ma);
      this.#events?.increment({ connect: true });
      return conn;
    } catch (error) {
      this.#noteFailure(ma, error, signal);
      throw error;
    } finally {
      teller?.unlink();
    }
  }

  #noteFailure(ma: Multiaddr, error: unknown, signal: AbortSignal | undefined): void {
    if (signal?.aborted && error === signal.reason) {
      this.#log("connection aborted %a", ma);
      this.#events?.increment({ abort: true });
      return;
    }
    if (isDialError(error) && error.code === "ETIMEDOUT") {
      this.#log("connection timeout %a", ma);
      this.#events?.increment({ timeout: true });
    }
    this.#log.error("dial to %a errored - %e", ma, error);
    this.#events?.increment({ error: true });
  }
}

/** Converts an abort reason of any type to an error, since libp2p reads its message. */
function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new AbortError(String(reason));
}

/**
 * Reports the steps of a dial, under a signal that follows `parent`. An error thrown by a listener
 * fails the dial, as in every module of libp2p.
 */
function forwardProgress(
  onProgress: NonNullable<TcpDialOptions["onProgress"]>,
  parent: AbortSignal | undefined,
): { signal: AbortSignal; onEvent: (event: DialEvent) => void; unlink: () => void } {
  const { controller, unlink } = linkedController(parent);
  const onEvent = (event: DialEvent) => {
    if (!isStep(event)) return;
    try {
      onProgress(progress(`tcp:${event.type}`, event));
    } catch (error) {
      controller.abort(error);
    }
  };
  return { signal: controller.signal, onEvent, unlink };
}

type StepType = TcpStepEvent["type"] extends `tcp:${infer Type}` ? Type : never;

/** Selects the steps to report; nested dials only repeat the steps of the outer one. */
function isStep(event: DialEvent): event is DialEvent & { type: StepType } {
  return event.type !== "dial-start" && event.type !== "dial-end";
}

/** Makes a progress event: an `Event` with a `detail`, as in the package `progress-events`. */
function progress<Type extends TcpDialEvents["type"]>(
  type: Type,
  detail?: DialEvent,
): Extract<TcpDialEvents, { type: Type }> {
  return Object.assign(new Event(type), { detail }) as never;
}
