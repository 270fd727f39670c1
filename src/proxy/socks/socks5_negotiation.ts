import type { Negotiation, NegotiationEnd } from "../handshake/negotiation.ts";
import type { ProxyFailure } from "../handshake/proxy_codec.ts";
import type { PipeliningCache, PipeliningKey } from "./pipelining_cache.ts";
import type { ProxyCredentials } from "../handshake/proxy_credentials.ts";
import type { ProxyTarget } from "../dial/proxy_target.ts";
import { answerBoundMs, type ProxyConnection } from "../handshake/round_trip.ts";
import { Socks5Codec, type Socks5Stage } from "./socks5_codec.ts";

/** What a handshake with a SOCKS5 proxy is about. */
export interface Socks5NegotiationInit {
  readonly target: ProxyTarget;
  readonly credentials: ProxyCredentials | undefined;
  readonly requireCredentials: boolean;
}

/** What is known of a proxy, and how long it may take. */
export interface PipeliningInit {
  readonly cache: PipeliningCache;
  /** The proxy's network and address. */
  readonly server: string;
  /** The longest time that the proxy may take to answer the credentials of a flight. */
  readonly stallMs: number;
}

/** The order of a handshake, as the option `handshake` has it. */
export type HandshakeOrder = "auto" | "sequential" | "pipelined";

/**
 * Makes a handshake with a SOCKS5 proxy.
 *
 * `"auto"` tries one flight where silence means something. With credentials the proxy's own answer
 * to them comes next: a proxy that discarded them stays silent, and is asked again step by step
 * over a new connection. Without credentials the answer to the request comes next, for which the
 * proxy may have to wait for the target, so that a flight is sent only to a proxy that is known to
 * take one.
 *
 * Nothing is sent a second time over the same connection, where it could become part of the tunnel.
 *
 * @param init What the handshake is about.
 * @param order In one flight, step by step, or whatever the proxy takes.
 * @param pipelining What is known of the proxy.
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
      // Not before there is a connection, since a trial makes other dials go step by step.
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

/**
 * The share of the bound after which the silence of an aborted trial counts as the whole bound
 * would.
 */
const TELLING_SHARE = 0.25;

/** A handshake in one flight, which is repeated step by step where that may help. */
class AutoNegotiation implements Negotiation {
  readonly #init: Socks5NegotiationInit;
  readonly #pipelining: PipeliningInit;
  readonly #key: PipeliningKey;
  readonly #trial: boolean;
  readonly #codec: Socks5Codec;
  #boundMs: number;
  /** When the wait for the answer to the credentials or the request began. */
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
    // A proxy that answered the credentials most likely takes the flight: other dials may try, too.
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
      // A proxy that took flights before and is silent now may be another one, unless this one has
      // just answered.
      if (atCredentials || !key.withCredentials) cache.forget(key);
    } else if (atCredentials) {
      // Otherwise each dial whose limit is shorter than the bound would begin with a trial, and
      // fail.
      cache.learn(key, "sequential");
    } else if (!cache.isPipelined(key)) {
      cache.inconclusive(key);
    }
  }

  /** A proxy that takes the flight for one long greeting may find no method in it. */
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
    /** Whether the proxy was as slow to answer credentials that it had been asked for. */
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
        // It hung up on the target both ways, so that what is known of the proxy still holds.
        const kept = !trial && end.state === "failed" && end.failure.blame === undefined;
        // The next dial has no more time than this one had, so it must not begin with the same
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
