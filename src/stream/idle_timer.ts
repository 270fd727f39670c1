import { clearTimeout, setTimeout } from "node:timers";
import { maxMs } from "../core/options.ts";
import { shownValue } from "../core/value_kind.ts";

/** Calls back once for each pause in the activity that is long enough, as `net.Socket`'s time-out does. */
export class IdleTimer {
  readonly #expired: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timeoutMs: number | undefined;

  constructor(expired: () => void) {
    this.#expired = expired;
  }

  /** What was set last, if anything. */
  get timeoutMs(): number | undefined {
    return this.#timeoutMs;
  }

  /** Starts anew with `timeoutMs`, or stops for 0. */
  set(timeoutMs: number): void {
    if (typeof timeoutMs !== "number" || !(timeoutMs >= 0 && timeoutMs < Infinity)) {
      const shown = shownValue(timeoutMs);
      throw new RangeError(`timeoutMs must be a finite number of at least 0, not ${shown}`);
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timeoutMs = timeoutMs;
    if (timeoutMs === 0) return;
    // An idle connection does not keep the process alive, and so must its timer not.
    this.#timer = setTimeout(() => this.#expired(), Math.min(timeoutMs, maxMs)).unref();
  }

  /** Notes activity. */
  touch(): void {
    this.#timer?.refresh();
  }
}
