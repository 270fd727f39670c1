import type { Handshake, HandshakeEnd } from "./handshake.ts";
import type { HandshakeFailure } from "./handshake_codec.ts";
import type { PipeliningVerdicts } from "./pipelining_verdicts.ts";
import type { ProxyCredentials } from "./proxy_credentials.ts";
import type { ProxyTarget } from "./proxy_target.ts";
import { Socks5Codec } from "./socks5_codec.ts";

/** What a handshake with a SOCKS5 proxy is about. */
export interface Socks5HandshakeInit {
  readonly target: ProxyTarget;
  readonly credentials: ProxyCredentials | undefined;
  readonly requireCredentials: boolean;
}

/** What a handshake in one flight is tried with, and what comes of it is remembered. */
export interface AutoHandshake {
  readonly verdicts: PipeliningVerdicts;
  /** The proxy, by what the verdicts know it. */
  readonly key: string;
  /** How long the proxy may be silent after its choice of a method. */
  readonly stallMs: number;
}

/**
 * Makes a handshake in one flight, or step by step.
 *
 * @param init What it is about.
 * @param pipelined Whether it goes in one flight.
 * @returns The handshake.
 */
export function socks5Handshake(init: Socks5HandshakeInit, pipelined: boolean): Handshake {
  return { begin: () => socks5Codec(init, pipelined) };
}

/**
 * Makes a handshake that goes in one flight where the proxy takes that, and finds out whether it does.
 *
 * Nothing is sent a second time over the same connection, where it might be taken for the tunnel's: what a proxy did not
 * take in one flight is repeated step by step over a new one. A target that is slow to answer looks like a proxy that
 * dropped the request, so it may see a second connection; the first is closed.
 *
 * @param init What it is about.
 * @param auto What is remembered, and how long to wait.
 * @returns The handshake.
 */
export function autoSocks5Handshake(init: Socks5HandshakeInit, auto: AutoHandshake): Handshake {
  let handshake: Handshake;
  return {
    begin() {
      // Not before the connection is there: a trial keeps others from trying.
      const choice = auto.verdicts.choose(auto.key);
      handshake = choice === "sequential"
        ? socks5Handshake(init, false)
        : new PipelinedHandshake(init, auto, choice === "trial");
      return handshake.begin();
    },
    stallMs: () => handshake.stallMs?.(),
    ended: (end) => handshake.ended?.(end),
  };
}

/** A dial that is given up after so much of the bound tells of its proxy what the whole of it would. */
const tellingShare = 0.25;

class PipelinedHandshake implements Handshake {
  readonly #init: Socks5HandshakeInit;
  readonly #auto: AutoHandshake;
  readonly #trial: boolean;
  readonly #codec: Socks5Codec;
  /** When it began to wait for what a proxy that drops the rest never sends. */
  #silentSince: number | undefined;

  constructor(init: Socks5HandshakeInit, auto: AutoHandshake, trial: boolean) {
    this.#init = init;
    this.#auto = auto;
    this.#trial = trial;
    this.#codec = socks5Codec(init, true);
  }

  begin(): Socks5Codec {
    return this.#codec;
  }

  /** A proxy that has the credentials answers them at once; for a target it may have to wait. */
  stallMs(): number | undefined {
    const { stage } = this.#codec;
    const bounded = stage === "credentials" || this.#trial && stage === "reply";
    if (!bounded) return undefined;
    this.#silentSince = performance.now();
    return this.#auto.stallMs;
  }

  ended(end: HandshakeEnd): Handshake | undefined {
    const { verdicts, key } = this.#auto;
    if (end.state === "aborted") {
      // Else a dial whose limit is shorter than the bound would find nothing out, and fail each time.
      if (this.#trial && this.#wasSilent()) verdicts.learn(key, "sequential");
      // One that is known to take it in one flight and does not answer may be another one by now.
      else verdicts.endTrial(key);
      return undefined;
    }
    if (end.state === "stalled") return this.#stepByStep(true);
    if (end.state === "failed" && this.#mayBeDueToFlight(end.failure)) {
      return this.#stepByStep(false);
    }
    verdicts.learn(key, "pipelined");
    return undefined;
  }

  #wasSilent(): boolean {
    return this.#silentSince !== undefined &&
      performance.now() - this.#silentSince >= this.#auto.stallMs * tellingShare;
  }

  /** A proxy that takes the flight for one long greeting has reason to find no method in it. */
  #mayBeDueToFlight({ retrySequentially, code }: HandshakeFailure): boolean {
    return retrySequentially === true || this.#trial && code === "ERR_PROXY_AUTH_REQUIRED";
  }

  #stepByStep(stalled: boolean): Handshake {
    const { verdicts, key, stallMs } = this.#auto;
    const init = this.#init;
    const trial = this.#trial;
    let began = 0;
    return {
      begin() {
        began = performance.now();
        return socks5Codec(init, false);
      },
      ended(end) {
        const answered = end.state === "done" ||
          end.state === "failed" && end.cause === undefined &&
            end.failure.code !== "ERR_PROXY_CLOSED";
        // A target that is slow this time, too, explains the silence.
        const explained = stalled && performance.now() - began >= stallMs;
        // It hung up on the target both ways, so that what is known of it still holds.
        const kept = !trial && end.state === "failed" && end.failure.blame === undefined;
        // The next dial has no more time than this one had, so it must not begin with the same wait.
        const outOfTime = trial && stalled && end.state === "aborted";
        if (answered && !explained || outOfTime) verdicts.learn(key, "sequential");
        else if (answered) verdicts.inconclusive(key);
        else if (!kept) verdicts.endTrial(key);
        return undefined;
      },
    };
  }
}

function socks5Codec(
  { target, credentials, requireCredentials }: Socks5HandshakeInit,
  pipelined: boolean,
): Socks5Codec {
  const login = credentials === undefined ? {} : { credentials, requireCredentials };
  return new Socks5Codec({ target, ...login, pipelined });
}
