import { withCallerFrame } from "../core/caller_frame.ts";
import { type Clock, systemClock } from "../dial/clock.ts";
import type { Conn } from "../core/conn.ts";
import { readDialOptions } from "../core/dial_options.ts";
import type { Network } from "../core/addr.ts";
import type { ContextDialer, DialOptions } from "../core/dialer.ts";
import { joinHostPort } from "../core/host_port.ts";
import { makeDialer } from "../dial/compose_dialer.ts";
import type { RunningDial } from "../dial/running_dial.ts";
import type { Connector, ConnectRequest } from "./connector.ts";
import { type BadTarget, type DialTarget, parseDialTarget } from "./dial_target.ts";
import { LiteralDial } from "./literal_dial.ts";
import { dialName } from "./name_dial.ts";
import type { NetDialerConfig } from "./net_dialer_options.ts";

/**
 * Makes a dialer over a runtime's sockets. Lookup, RFC 8305 and time limits are here; `connector`
 * connects to literals.
 *
 * @param connector The runtime's sockets.
 * @param config The checked options of the dialer.
 * @param clock The time.
 */
export function netDialer(
  connector: Connector,
  config: NetDialerConfig,
  clock: Clock = systemClock,
): ContextDialer {
  return new NetDialer(connector, config, clock);
}

class NetDialer implements ContextDialer {
  readonly #connector: Connector;
  readonly #config: NetDialerConfig;
  readonly #clock: Clock;
  /** The dialer for names, which also makes the errors of unusable addresses. */
  readonly #names: ContextDialer;

  constructor(connector: Connector, config: NetDialerConfig, clock: Clock) {
    this.#connector = connector;
    this.#config = config;
    this.#clock = clock;
    const run = (dial: RunningDial): Promise<Conn> => {
      const target = this.#target(dial.network, dial.address);
      if (!("kind" in target)) throw dial.error({ phase: "address", ...target });
      if (config.timeoutMs !== undefined) dial.limit(config.timeoutMs);
      return dialName(dial, target as DialTarget & { kind: "name" }, connector, config);
    };
    this.#names = makeDialer({ name: "system", over: [], clock, run });
  }

  async dialContext(network: Network, address: string, dialOptions?: DialOptions): Promise<Conn> {
    const target = this.#target(network, address);
    if (!("kind" in target) || target.kind === "name") {
      return await this.#names.dialContext(network, address, dialOptions);
    }
    const options = readDialOptions(dialOptions);
    if (options.signal?.aborted) throw options.signal.reason;
    const request = this.#request(target);
    const attempted = "path" in request
      ? request.path
      : sameText(joinHostPort(request.host, request.port), address);
    const { timeoutMs } = this.#config;
    const [connector, clock] = [this.#connector, this.#clock];
    try {
      return await new Promise((resolve, reject) => {
        new LiteralDial({
          ...{ connector, request, timeoutMs, clock, network, address, attempted, options },
          ...{ resolve, reject },
        }).start();
      });
    } catch (error) {
      throw withCallerFrame(error, options.signal);
    }
  }

  /** Parses the target, or returns why this configuration cannot dial it. */
  #target(network: Network, address: string): DialTarget | BadTarget & { phase?: "connect" } {
    const target = parseDialTarget(network, address);
    const { onlyFamily, localAddress } = this.#config;
    if (!("kind" in target) || target.kind !== "literal") return target;
    if ((onlyFamily ?? target.family) === target.family) return target;
    const reason = `the local address ${localAddress[onlyFamily!]} is not IPv${target.family}`;
    return { code: "EADDRNOTAVAIL", phase: "connect", reason };
  }

  #request(target: Exclude<DialTarget, { kind: "name" }>): ConnectRequest {
    if (target.kind === "unix") return { path: target.path };
    const { host, family, port } = target;
    const { localAddress, localPort } = this.#config;
    return { family, host, port, localAddress: localAddress[family], localPort };
  }

  toString(): string {
    return "system";
  }
}

/** Returns one of two equal strings, so that only one is retained. */
function sameText(text: string, other: string): string {
  return text === other ? other : text;
}
