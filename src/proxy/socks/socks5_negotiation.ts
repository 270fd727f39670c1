import type { Negotiation, NegotiationEnd } from "../handshake/negotiation.ts";
import type { ProxyFailure } from "../handshake/proxy_codec.ts";
import type { PipeliningCache, PipeliningKey } from "./pipelining_cache.ts";
import type { ProxyCredentials } from "../handshake/proxy_credentials.ts";
import type { ProxyTarget } from "../dial/proxy_target.ts";
import { answerBoundMs, type ProxyConnection } from "../handshake/round_trip.ts";
import { Socks5Codec, type Socks5Stage } from "./socks5_codec.ts";

/** Target and credentials of a handshake with a SOCKS5 proxy. */
export interface Socks5NegotiationInit {
  readonly target: ProxyTarget;
  readonly credentials: ProxyCredentials | undefined;
  readonly requireCredentials: boolean;
}

/** The cached results for a proxy, and the limit of a trial. */
export interface PipeliningInit {
  readonly cache: PipeliningCache;
  /** The proxy's network and address. */
  readonly server: string;
  /** Most milliseconds to wait for the answer to pipelined credentials. */
  readonly stallMs: number;
}

/** The order of a handshake: the option `handshake`. */
export type HandshakeOrder = "auto" | "sequential" | "pipelined";

/**
 * Makes a handshake with a SOCKS5 proxy.
 *
 * `"auto"` tries pipelining if a missing answer proves something. With credentials the next answer
 * depends on the proxy alone: a proxy that discarded them does not answer, and the handshake is
 * repeated step by step over a new connection. Without credentials the next answer is the reply to
 * the request, which may depend on the target. Then only proxies that are known to support
 * pipelining are used in one flight.
 *
 * No message is repeated over the same connection, where it could become part of the tunnel.
 *
 * @param init The target and the credentials.
 * @param order In one flight, step by step, or what the proxy supports.
 * @param pipelining The cache, and the limit of a trial.
 * @returns The handshake.
 */
export function socks5Negotiation(
  init: Socks5NegotiationInit,
  order: HandshakeOrder,
  pipelining: PipeliningInit,
): Negotiation {
  const { cache, server } = pipelining;
  const key = { server, withCredentials: init.credentials !== undefined };
  if (order === "sequential") return sequential(init);
  if (order === "pipelined") {
    return {
      begin: () => socks5Codec(init, true),
      ended(end) {
        if (end.state === "done") cache.learn(key, "pipelined");
        return undefined;
      },
    };
  }
  let handshake: Negotiation;
  return {
    begin(connection) {
      // Chosen only once connected, since a pending trial makes other dials go step by step.
      const choice = key.withCredentials
        ? cache.choose(key)
        : cache.isPipelined(key)
        ? "pipelined"
        : "sequential";
      handshake = choice === "sequential"
        ? sequential(init)
        : new AutoNegotiation(init, pipelining, key, choice === "trial");
      return handshake.begin(connection);
    },
    stallMs: () => handshake.stallMs?.(),
    ended: (end) => handshake.ended?.(end),
  };
}

function sequential(init: Socks5NegotiationInit): Negotiation {
  return { begin: () => socks5Codec(init, false) };
}

/** Share of the limit after which an aborted trial counts as if the whole limit had elapsed. */
const TELLING_SHARE = 0.25;

/** A handshake in one flight, repeated step by step if that may succeed. */
class AutoNegotiation implements Negotiation {
  readonly #init: Socks5NegotiationInit;
  readonly #pipelining: PipeliningInit;
  readonly #key: PipeliningKey;
  readonly #trial: boolean;
  readonly #codec: Socks5Codec;
  #boundMs: number;
  /** Start of the wait for the answer to the credentials or the request. */
  #silentSince: number | undefined;

  constructor(
    init: Socks5NegotiationInit,
    pipelining: PipeliningInit,
    key: PipeliningKey,
    trial: boolean,
  ) {
    this.#init = init;
    this.#pipelining = pipelining;
    this.#boundMs = pipelining.stallMs;
    this.#key = key;
    this.#trial = trial;
    this.#codec = socks5Codec(init, true);
  }

  begin(connection: ProxyConnection): Socks5Codec {
    if (this.#key.withCredentials) {
      this.#boundMs = answerBoundMs(connection, this.#pipelining.stallMs);
    }
    return this.#codec;
  }

  stallMs(): number | undefined {
    const { stage } = this.#codec;
    if (stage === "method") return undefined;
    this.#silentSince = performance.now();
    if (stage === "credentials") return this.#boundMs;
    // A proxy that answered the credentials most likely supports pipelining: other dials may try,
    // too.
    if (this.#trial) this.#pipelining.cache.release(this.#key);
    return undefined;
  }

  ended(end: NegotiationEnd): Negotiation | undefined {
    const { cache } = this.#pipelining;
    if (end.state === "aborted") this.#aborted();
    else if (end.state === "stalled") return this.#stepByStep(true);
    else if (end.state === "failed" && this.#mayBeDueToFlight(end.failure)) {
      return this.#stepByStep(false);
    } else cache.learn(this.#key, "pipelined");
    return undefined;
  }

  #aborted(): void {
    const { cache, stallMs } = this.#pipelining;
    const key = this.#key;
    const atCredentials = this.#codec.stage === "credentials";
    const tellingMs = TELLING_SHARE * (atCredentials ? this.#boundMs : stallMs);
    const since = this.#silentSince ?? Infinity;
    if (this.#trial) cache.release(key);
    if (performance.now() - since < tellingMs) return;
    if (!this.#trial) {
      // A proxy that supported pipelining and does not answer now may be another proxy, unless it
      // has just answered the credentials.
      if (atCredentials || !key.withCredentials) cache.forget(key);
    } else if (atCredentials) {
      // Otherwise each dial with a shorter timeout than the trial's limit would begin with a trial,
      // and fail.
      cache.learn(key, "sequential");
    } else if (!cache.isPipelined(key)) {
      cache.inconclusive(key);
    }
  }

  /** A proxy that reads the whole flight as one greeting may find no method in it. */
  #mayBeDueToFlight({ retrySequentially, code }: ProxyFailure): boolean {
    return retrySequentially === true || this.#trial && code === "ERR_PROXY_AUTH_REQUIRED";
  }

  #stepByStep(stalled: boolean): Negotiation {
    const { cache } = this.#pipelining;
    const key = this.#key;
    const init = this.#init;
    const trial = this.#trial;
    const boundMs = this.#boundMs;
    let codec: Socks5Codec;
    let stage: Socks5Stage = "method";
    let since = 0;
    /** Whether the proxy was as slow to answer the credentials step by step. */
    let slow = false;
    return {
      begin() {
        return codec = socks5Codec(init, false);
      },
      stallMs() {
        const now = performance.now();
        if (stage === "credentials" && codec.stage !== stage) slow = now - since >= boundMs;
        [stage, since] = [codec.stage, now];
        return undefined;
      },
      ended(end) {
        if (stage === "credentials") slow = performance.now() - since >= boundMs;
        const answered = end.state === "done" ||
          end.state === "failed" && end.cause === undefined &&
            end.failure.code !== "ERR_PROXY_CLOSED";
        // The proxy closed the connection in both orders, so the cached result stays valid.
        const kept = !trial && end.state === "failed" && end.failure.blame === undefined;
        // The next dial may have as little time as this one, so it must not begin with the same
        // wait.
        const outOfTime = trial && stalled && end.state === "aborted";
        if (answered && !(stalled && slow) || outOfTime) cache.learn(key, "sequential");
        else if (answered) cache.inconclusive(key);
        else if (!kept) cache.endTrial(key);
        return undefined;
      },
    };
  }
}

function socks5Codec(
  { target, credentials, requireCredentials }: Socks5NegotiationInit,
  pipelined: boolean,
): Socks5Codec {
  const login = credentials === undefined ? {} : { credentials, requireCredentials };
  return new Socks5Codec({ target, ...login, pipelined });
}
