import type { ContextDialer } from "../../core/dialer.ts";

/** The order of a handshake with credentials, by what the cache has on the proxy. */
export type PipeliningChoice =
  /** The proxy is known to support pipelining. */
  | "pipelined"
  /** The proxy is known not to support it, or another dial is trying. */
  | "sequential"
  /** Unknown: try pipelining, and report the result. */
  | "trial";

/** The proxy, and the kind of handshake: with credentials it offers other methods. */
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

/** Most entries of the cache of one dialer. */
export const MAX_CACHED_PROXIES = 256;

/** Trials without a result after which a proxy is used step by step. */
const MAX_INCONCLUSIVE = 3;

/** Caches which proxies support a pipelined handshake. */
export class PipeliningCache {
  static readonly #byDialer = new WeakMap<ContextDialer, PipeliningCache>();
  readonly #entries = new Map<string, Entry>();

  /**
   * Returns the cache for proxies that `via` dials. With another dialer the same address may be
   * another proxy.
   *
   * @param via The dialer for the proxies.
   */
  static of(via: ContextDialer): PipeliningCache {
    let cache = this.#byDialer.get(via);
    if (cache === undefined) this.#byDialer.set(via, cache = new PipeliningCache());
    return cache;
  }

  /** Number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Whether the proxy is known to support pipelining. A proxy that supports it with credentials
   * supports it without. The reverse does not hold: a pipelined handshake with credentials can
   * offer only one method, which the proxy may refuse.
   */
  isPipelined({ server, withCredentials }: PipeliningKey): boolean {
    const known = (withCredentials: boolean) =>
      this.#entries.get(textOf({ server, withCredentials }))?.verdict;
    return (known(withCredentials) ?? known(true)) === "pipelined";
  }

  /**
   * Chooses the order of one handshake. A `"trial"` must be followed by a call of `learn`,
   * `release` or `endTrial`.
   */
  choose(key: PipeliningKey): PipeliningChoice {
    const entry = this.#entry(key);
    if (entry.verdict !== undefined) return entry.verdict;
    if (entry.onTrial) return "sequential";
    entry.onTrial = true;
    return "trial";
  }

  /** Stores the result of a trial, or of pipelining that the caller requested. */
  learn(key: PipeliningKey, verdict: "pipelined" | "sequential"): void {
    const entry = this.#entry(key);
    entry.verdict = verdict;
    entry.onTrial = false;
    entry.inconclusive = 0;
  }

  /** Deletes the results for a proxy: another one may listen at its address by now. */
  forget({ server }: PipeliningKey): void {
    for (const withCredentials of [false, true]) this.endTrial({ server, withCredentials });
  }

  /** Allows trials by other dials, and keeps the stored result. */
  release(key: PipeliningKey): void {
    const entry = this.#entries.get(textOf(key));
    if (entry !== undefined) entry.onTrial = false;
  }

  /** Ends a trial without a result, and deletes the stored one. */
  endTrial(key: PipeliningKey): void {
    const entry = this.#entries.get(textOf(key));
    if (entry === undefined) return;
    delete entry.verdict;
    entry.onTrial = false;
  }

  /** Counts a trial that proved nothing: the proxy was as slow step by step. */
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
