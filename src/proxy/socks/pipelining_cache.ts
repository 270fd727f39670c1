import type { ContextDialer } from "../../core/dialer.ts";

/** How to begin a handshake with credentials, by what is known of the proxy. */
export type PipeliningChoice =
  /** The proxy is known to take it in one flight. */
  | "pipelined"
  /** The proxy is known not to, or another dial is finding out. */
  | "sequential"
  /** Nothing is known: try one flight, and report the result. */
  | "trial";

/**
 * Which proxy, and which of the two kinds of handshake: with credentials it offers other methods.
 */
export interface PipeliningKey {
  /** The proxy's network and address. */
  readonly server: string;
  readonly withCredentials: boolean;
}

interface Entry {
  verdict?: "pipelined" | "sequential";
  onTrial?: boolean;
  /** Trials without a result. */
  inconclusive: number;
}

/** The most handshakes that are remembered for each dialer that reaches their proxies. */
export const MAX_CACHED_PROXIES = 256;

/** After so many trials without a result a proxy is treated as one that needs step by step. */
const MAX_INCONCLUSIVE = 3;

/** Remembers which proxies take a handshake in one flight. */
export class PipeliningCache {
  static readonly #byDialer = new WeakMap<ContextDialer, PipeliningCache>();
  readonly #entries = new Map<string, Entry>();

  /**
   * The cache of the dialers that reach their proxies with `via`: one address may lead to different
   * proxies with different dialers.
   *
   * @param via The dialer that reaches the proxies.
   */
  static of(via: ContextDialer): PipeliningCache {
    let cache = this.#byDialer.get(via);
    if (cache === undefined) this.#byDialer.set(via, cache = new PipeliningCache());
    return cache;
  }

  /** How many entries there are. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Whether the proxy is known to take a flight. One that takes the longer flight with credentials
   * takes the one without; the reverse does not hold, since a proxy may refuse the only method that
   * a flight with credentials can offer.
   */
  isPipelined({ server, withCredentials }: PipeliningKey): boolean {
    const known = (withCredentials: boolean) =>
      this.#entries.get(textOf({ server, withCredentials }))?.verdict;
    return (known(withCredentials) ?? known(true)) === "pipelined";
  }

  /**
   * Chooses for one handshake. A `"trial"` must be followed by a call of `learn`, `release` or
   * `endTrial`.
   */
  choose(key: PipeliningKey): PipeliningChoice {
    const entry = this.#entry(key);
    if (entry.verdict !== undefined) return entry.verdict;
    if (entry.onTrial) return "sequential";
    entry.onTrial = true;
    return "trial";
  }

  /** Remembers the result of a trial, or of a flight that the caller asked for. */
  learn(key: PipeliningKey, verdict: "pipelined" | "sequential"): void {
    const entry = this.#entry(key);
    entry.verdict = verdict;
    entry.onTrial = false;
    entry.inconclusive = 0;
  }

  /** Forgets the proxy: another one may listen there by now. */
  forget({ server }: PipeliningKey): void {
    for (const withCredentials of [false, true]) this.endTrial({ server, withCredentials });
  }

  /** Lets other dials try as well; what is known stays. */
  release(key: PipeliningKey): void {
    const entry = this.#entries.get(textOf(key));
    if (entry !== undefined) entry.onTrial = false;
  }

  /** Ends a trial without a result, and forgets what was known. */
  endTrial(key: PipeliningKey): void {
    const entry = this.#entries.get(textOf(key));
    if (entry === undefined) return;
    delete entry.verdict;
    entry.onTrial = false;
  }

  /** Counts a trial that had no result although it ended: the proxy was as slow step by step. */
  inconclusive(key: PipeliningKey): void {
    const entry = this.#entry(key);
    this.endTrial(key);
    if (++entry.inconclusive >= MAX_INCONCLUSIVE) this.learn(key, "sequential");
  }

  #entry(key: PipeliningKey): Entry {
    const text = textOf(key);
    let entry = this.#entries.get(text);
    if (entry === undefined) {
      const [oldest] = this.#entries.keys();
      if (this.#entries.size >= MAX_CACHED_PROXIES) this.#entries.delete(oldest!);
      this.#entries.set(text, entry = { inconclusive: 0 });
    }
    return entry;
  }
}

function textOf({ server, withCredentials }: PipeliningKey): string {
  return withCredentials ? `${server} credentials` : server;
}
