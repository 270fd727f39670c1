import type { Negotiation } from "../handshake/negotiation.ts";
import type { CodecStep, ProxyCodec } from "../handshake/proxy_codec.ts";
import type { ProxyConfig } from "../dial/proxy_config.ts";

/**
 * The level of a check: a connection to the proxy, its handshake up to the credentials, or a tunnel
 * to a target.
 */
export type ProxyCheckLevel = "tcp" | "handshake" | "tunnel";

/** Durations of the phases that a check went through. */
export interface PhaseDurations {
  readonly tcpMs?: number;
  readonly handshakeMs?: number;
  readonly tunnelMs?: number;
}

/**
 * Times of the events of a check. A handshake may use several connections: one for each address, or
 * a second one after a failed pipelined attempt. The first connection ends the phase before the
 * handshake, and the last reply counts.
 */
export class PhaseTimes {
  connected: number | undefined;
  loggedIn: number | undefined;
  answered: number | undefined;
  /** Whether the proxy required the credentials and accepted them. */
  tookCredentials = false;

  phases(
    begin: number,
    level: ProxyCheckLevel,
  ): PhaseDurations {
    const { connected, loggedIn, answered } = this;
    if (connected === undefined) return {};
    const asked = loggedIn ?? connected;
    return {
      tcpMs: connected - begin,
      ...(loggedIn !== undefined && loggedIn > connected && { handshakeMs: loggedIn - connected }),
      // A handshake that ends with the credentials requests no tunnel.
      ...(answered !== undefined && (level === "tunnel" || loggedIn === undefined) &&
        { tunnelMs: answered - asked }),
    };
  }
}

/**
 * Makes the handshakes of a check, which record the times.
 *
 * @param proxy The proxy to check.
 * @param loginOnly Whether to stop after the credentials, if the protocol has that step.
 * @param times Where to record the times.
 * @returns The replacement for the proxy's own `handshake`.
 */
export function timedNegotiations(
  proxy: ProxyConfig,
  loginOnly: boolean,
  times: PhaseTimes,
): ProxyConfig["handshake"] {
  return async (target, request) => {
    const { login } = proxy;
    return loginOnly && login !== undefined
      ? timed(await login(request), times)
      : timed(await proxy.handshake(target, request), times);
  };
}

function timed(handshake: Negotiation, times: PhaseTimes): Negotiation {
  return {
    begin(connection) {
      times.connected ??= performance.now();
      times.answered = undefined;
      return new TimedCodec(handshake.begin(connection), times);
    },
    stallMs: () => handshake.stallMs?.(),
    ended(end) {
      const next = handshake.ended?.(end);
      return next && timed(next, times);
    },
  };
}

/** Records when the proxy accepted the credentials, and when it answered the request. */
class TimedCodec implements ProxyCodec {
  readonly protocol: string;
  readonly #codec: ProxyCodec;
  readonly #times: PhaseTimes;
  /** Whether the protocol has a step before the request. */
  readonly #logsIn: boolean;

  constructor(codec: ProxyCodec, times: PhaseTimes) {
    this.protocol = codec.protocol;
    this.#codec = codec;
    this.#times = times;
    this.#logsIn = codec.waitsFor === "proxy";
  }

  get readBytes(): number {
    return this.#codec.readBytes;
  }

  get waitsFor(): "proxy" | "target" {
    return this.#codec.waitsFor;
  }

  get tookCredentials(): boolean {
    return this.#codec.tookCredentials === true;
  }

  start(): CodecStep {
    return this.#codec.start();
  }

  receive(chunk: Uint8Array): CodecStep {
    const step = this.#codec.receive(chunk);
    const times = this.#times;
    if (this.tookCredentials) times.tookCredentials = true;
    const refused = step.state === "failed" && step.failure.reply !== undefined &&
      step.failure.blame === "target";
    const loggedIn = this.#codec.waitsFor === "target" || step.state === "done" || refused;
    if (this.#logsIn && loggedIn) times.loggedIn ??= performance.now();
    if (step.state === "done" || refused) times.answered = performance.now();
    return step;
  }

  end(): CodecStep & { readonly state: "failed" } {
    return this.#codec.end();
  }
}
