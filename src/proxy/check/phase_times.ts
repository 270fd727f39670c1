import type { Negotiation } from "../handshake/negotiation.ts";
import type { CodecStep, ProxyCodec } from "../handshake/proxy_codec.ts";
import type { ProxyConfig } from "../dial/proxy_config.ts";

/**
 * How far a check goes: a connection to the proxy, its handshake up to the credentials, or a tunnel
 * to a target.
 */
export type ProxyCheckLevel = "tcp" | "handshake" | "tunnel";

/** How long the phases of a check took, those that there were. */
export interface PhaseDurations {
  readonly tcpMs?: number;
  readonly handshakeMs?: number;
  readonly tunnelMs?: number;
}

/**
 * When what happened. A handshake may take several connections, for several addresses or where one
 * flight was not taken: the first connection ends the phase before the handshake, and the last
 * answer counts.
 */
export class PhaseTimes {
  connected: number | undefined;
  loggedIn: number | undefined;
  answered: number | undefined;
  /** Whether the proxy asked for the credentials and accepted them. */
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
      // A handshake that ends with the credentials asks for no tunnel.
      ...(answered !== undefined && (level === "tunnel" || loggedIn === undefined) &&
        { tunnelMs: answered - asked }),
    };
  }
}

/**
 * Makes the handshakes of a check, which note the time.
 *
 * @param proxy The proxy that is checked.
 * @param loginOnly Whether to go only as far as the credentials, where the protocol has that.
 * @param times Where to note it.
 * @returns What takes the place of the proxy's own `handshake`.
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

/** Notes when the proxy took the credentials, and when it answered the request. */
class TimedCodec implements ProxyCodec {
  readonly protocol: string;
  readonly #codec: ProxyCodec;
  readonly #times: PhaseTimes;
  /** Whether there is anything before the request. */
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
