import { clearTimeout, setTimeout } from "node:timers";
import { maxMs } from "../core/options.ts";
import { shownValue } from "../core/value_kind.ts";

/** Calls back once for each period of inactivity, as the time-out of a `net.Socket` does. */
export class IdleTimer {
  readonly #expired: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timeoutMs: number | undefined;

  constructor(expired: () => void) {
    this.#expired = expired;
  }

  /** The last period that was set; `undefined` before. */
  get timeoutMs(): number | undefined {
    return this.#timeoutMs;
  }

  /** Restarts with `timeoutMs`, or stops for 0. */
  set(timeoutMs: number): void {
    if (typeof timeoutMs !== "number" || !(timeoutMs >= 0 && timeoutMs < Infinity)) {
      const shown = shownValue(timeoutMs);
      throw new RangeError(`timeoutMs must be a finite number of at least 0, not ${shown}`);
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timeoutMs = timeoutMs;
    if (timeoutMs === 0) return;
    // An idle connection does not keep the process alive, so its timer must not either.
    this.#timer = setTimeout(() => this.#expired(), Math.min(timeoutMs, maxMs)).unref();
  }

  /** Records activity. */
  touch(): void {
    this.#timer?.refresh();
  }
}
