import type { Clock } from "../../src/dial/clock.ts";

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** A clock that only runs when told to. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<Timer>();

  /** Bound, since a clock's `now` may be handed on alone. */
  readonly now = (): number => this.#nowMs;

  setTimer(callback: () => void, ms: number): unknown {
    const timer = { atMs: this.#nowMs + ms, callback };
    this.#timers.add(timer);
    return timer;
  }

  clearTimer(timer: unknown): void {
    this.#timers.delete(timer as Timer);
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time pass; timers fire in order, also those that others set on the way. */
  advance(ms: number): void {
    const end = this.#nowMs + ms;
    for (let timer; (timer = this.#next(end)) !== undefined;) this.#fire(timer);
    this.#nowMs = end;
  }

  /** The same, where what a timer does is followed by promises. */
  async pass(ms: number): Promise<void> {
    const end = this.#nowMs + ms;
    await settle();
    for (let timer; (timer = this.#next(end)) !== undefined;) {
      this.#fire(timer);
      await settle();
    }
    this.#nowMs = end;
    await settle();
  }

  #next(end: number): Timer | undefined {
    const due = [...this.#timers].filter(({ atMs }) => atMs <= end);
    return due.sort((one, other) => one.atMs - other.atMs)[0];
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    this.#nowMs = timer.atMs;
    timer.callback();
  }
}

/** Lets all promises that can settle do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
