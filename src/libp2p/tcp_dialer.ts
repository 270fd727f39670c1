import { systemDialer } from "../../adapters/system.ts";
import type { Conn } from "../core/conn.ts";
import { DialError } from "../core/dial_error.ts";
import type { DialEvent } from "../core/dial_event.ts";
import type { Network } from "../core/addr.ts";
import {
  type ContextDialer,
  type DialerForAddr,
  type DialOptions,
  isDialer,
  type Multiaddr,
} from "../core/dialer.ts";
import { makeDialer } from "../dial/compose_dialer.ts";
import { dialArgs, readDialArgs } from "../multiaddr/dial_args.ts";
import { dialMultiaddr, startMultiaddrDial } from "../multiaddr/dial_multiaddr.ts";
import { onionAddress } from "./onion_address.ts";
import {
  checkKeepAliveInitialDelay,
  type TcpOptions,
  type TcpSocketOptions,
} from "./tcp_options.ts";

const defaultConnectTimeoutMs = 5_000;

/** The arguments of one dial. */
export interface TcpDialRequest {
  readonly ma: Multiaddr;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: ((event: DialEvent) => void) | undefined;
  /** Options for this one dial. */
  readonly socketOptions: TcpSocketOptions;
}

/** Makes the raw connections of a transport: chooses the dialer and limits the time. */
export class TcpDialer {
  readonly #options: TcpOptions;
  readonly #timeoutMs: number;
  /** The caller's dialer; if set, no other dialer is used. */
  readonly #custom: ContextDialer | DialerForAddr | undefined;
  readonly #system: ContextDialer | undefined;

  constructor(options: TcpOptions) {
    this.#options = options;
    this.#timeoutMs = options.connectTimeoutMs ?? defaultConnectTimeoutMs;
    this.#custom = options.dialer ?? options.customTCPDialer;
    if (this.#custom === undefined) {
      this.#system = this.#systemDialer(options.dialOpts ?? Object.create(null));
    }
  }

  /** Whether an address requires a dialer or a resolver of the caller. */
  takesSpecially(ma: Multiaddr): boolean {
    if (this.#custom !== undefined && onionAddress(ma) !== undefined) return true;
    if (this.#options.txtResolver === undefined || !isDnsaddr(ma)) return false;
    // Longer addresses, such as `p2p-circuit`, belong to another transport, which libp2p asks only
    // if this one does not accept them.
    const [p2p, ...more] = ma.getComponents().slice(1);
    return p2p === undefined || p2p.name === "p2p" && more.length === 0;
  }

  #systemDialer({ noDelay, keepAlive, keepAliveInitialDelay }: TcpSocketOptions): ContextDialer {
    // Checked under the name that the caller used.
    if (keepAliveInitialDelay !== undefined) {
      checkKeepAliveInitialDelay(keepAliveInitialDelay, "keepAliveInitialDelay");
    }
    const idleMs = keepAlive === false ? false : keepAliveInitialDelay || undefined;
    return systemDialer({
      ...(this.#timeoutMs > 0 && { timeoutMs: this.#timeoutMs }),
      ...(noDelay !== undefined && { noDelay }),
      ...(idleMs !== undefined && { keepAlive: idleMs }),
    });
  }

  dial(request: TcpDialRequest): Promise<Conn> {
    return this.#custom === undefined
      ? this.#dialDirect(request)
      : this.#dialCustom(request, this.#custom);
  }

  #dialDirect(request: TcpDialRequest): Promise<Conn> {
    const { ma, signal, onEvent, socketOptions } = request;
    const { noDelay, keepAlive, keepAliveInitialDelay } = socketOptions;
    const saysNothing = (noDelay ?? keepAlive ?? keepAliveInitialDelay) === undefined;
    const dialer = saysNothing
      ? this.#system!
      : this.#systemDialer(merged(socketOptions, this.#options.dialOpts));
    const args = readDialArgs(ma);
    if ("reason" in args && isDnsaddr(ma)) return this.#dialInTime(dialer, request);
    // The system dialer applies the limit itself, so that the error has the pending step.
    const options: DialOptions = { ...(signal && { signal }), ...(onEvent && { onEvent }) };
    return "reason" in args
      ? dialMultiaddr(dialer, ma, options)
      : dialer.dialContext(args.network, args.address, options);
  }

  async #dialCustom(
    request: TcpDialRequest,
    custom: ContextDialer | DialerForAddr,
  ): Promise<Conn> {
    const { ma, socketOptions: { noDelay, keepAlive } } = request;
    if (isDnsaddr(ma) && this.#options.txtResolver === undefined) {
      throw refused(ma, "a dnsaddr is only looked up here with a txtResolver, for privacy");
    }
    const conn = await this.#dialInTime(custom, request);
    try {
      if (noDelay !== undefined) conn.setNoDelay(noDelay);
      if (keepAlive !== undefined) conn.setKeepAlive(keepAlive);
      return conn;
    } catch (error) {
      conn.close();
      throw error;
    }
  }

  #dialInTime(
    dialer: ContextDialer | DialerForAddr,
    { ma, signal, onEvent }: TcpDialRequest,
  ): Promise<Conn> {
    const { txtResolver } = this.#options;
    const timeoutMs = this.#timeoutMs > 0 ? this.#timeoutMs : undefined;
    const target = onionAddress(ma) ?? ma;
    const choose: DialerForAddr = async (found) => {
      if (target === ma) return await (dialer as DialerForAddr)(found);
      return withRemoteMultiaddr(ma, isDialer(dialer) ? dialer : await dialer(ma));
    };
    const options = {
      ...(signal && { signal }),
      ...(onEvent && { onEvent }),
      ...(txtResolver && { txtResolver }),
    };
    const chooses = target !== ma || !isDialer(dialer);
    return startMultiaddrDial(chooses ? choose : dialer, target, options, { timeoutMs });
  }
}

/** Merges the options of one dial with those of all; an undefined option does not override. */
function merged(one: TcpSocketOptions, all: TcpSocketOptions = {}): TcpSocketOptions {
  return {
    noDelay: one.noDelay ?? all.noDelay,
    keepAlive: one.keepAlive ?? all.keepAlive,
    keepAliveInitialDelay: one.keepAliveInitialDelay ?? all.keepAliveInitialDelay,
  };
}

function isDnsaddr(ma: Multiaddr): boolean {
  return ma.getComponents()[0]?.name === "dnsaddr";
}

/**
 * Passes the multiaddr that libp2p dials to a dialer, even if another one is dialed in its place.
 */
function withRemoteMultiaddr(ma: Multiaddr, dialer: ContextDialer): ContextDialer {
  // `dialMultiaddr` rejects a value that is not a dialer.
  if (!isDialer(dialer)) return dialer;
  return makeDialer({
    ...{ name: "libp2p", over: dialer },
    run: (dial) => dial.pass(dialer, { remoteMultiaddr: ma }),
  });
}

function refused(ma: Multiaddr, reason: string): DialError {
  return new DialError({ ...endpoint(ma), code: "ERR_DIAL_MULTIADDR", phase: "address", reason });
}

/** The network and the address for an error. */
function endpoint(target: Multiaddr | string): { network: Network; address: string } {
  try {
    return dialArgs(target);
  } catch {
    return { network: "tcp", address: String(target) };
  }
}
