import type { ContextDialer } from "../core/dialer.ts";

/** How to begin a handshake of which nothing else is known than what is remembered of its proxy. */
export type PipeliningChoice =
  /** The proxy is known to take it in one flight. */
  | "pipelined"
  /** It is known not to, or somebody is finding out just now. */
  | "sequential"
  /** Nothing is known: find out, and tell. */
  | "trial";

interface Entry {
  verdict?: "pipelined" | "sequential";
  onTrial?: boolean;
  /** Trials that told nothing. */
  inconclusive: number;
}

/** The most proxies that are remembered for each dialer which reaches them. */
export const MAX_VERDICTS = 256;

/** After so many trials that told nothing a proxy is taken for one that wants step by step. */
const MAX_INCONCLUSIVE = 3;

/** Remembers which proxies take a handshake in one flight. */
export class PipeliningVerdicts {
  static readonly #byDialer = new WeakMap<ContextDialer, PipeliningVerdicts>();
  readonly #entries = new Map<string, Entry>();

  /**
   * The memory of those who dial their proxies with `via`: what one address reaches may differ from dialer to dialer.
   *
   * @param via What dials the proxies.
   */
  static of(via: ContextDialer): PipeliningVerdicts {
    let verdicts = this.#byDialer.get(via);
    if (verdicts === undefined) this.#byDialer.set(via, verdicts = new PipeliningVerdicts());
    return verdicts;
  }

  /** How many proxies are remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /** Chooses for one handshake. A `"trial"` must be followed by a call of `learn` or `endTrial`. */
  choose(key: string): PipeliningChoice {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      const [oldest] = this.#entries.keys();
      if (this.#entries.size >= MAX_VERDICTS) this.#entries.delete(oldest!);
      this.#entries.set(key, entry = { inconclusive: 0 });
    }
    if (entry.verdict !== undefined) return entry.verdict;
    if (entry.onTrial) return "sequential";
    entry.onTrial = true;
    return "trial";
  }

  /** Remembers what was found out. */
  learn(key: string, verdict: "pipelined" | "sequential"): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.verdict = verdict;
    entry.onTrial = false;
    entry.inconclusive = 0;
  }

  /** A trial was given up before it told anything; or what is remembered may not hold any more. */
  endTrial(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    delete entry.verdict;
    entry.onTrial = false;
  }

  /** A trial told nothing: the proxy was silent, and may have been waiting for a slow target. */
  inconclusive(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.endTrial(key);
    if (++entry.inconclusive >= MAX_INCONCLUSIVE) this.learn(key, "sequential");
  }
}
