/** The time, injected so that tests run a schedule in virtual time. */
export interface Clock {
  /** Milliseconds by a monotonic clock. */
  now(): number;
  /**
   * Calls `callback` once after `ms` milliseconds; returns a handle for
   * {@linkcode Clock.clearTimer}.
   */
  setTimer(callback: () => void, ms: number): unknown;
  /** Cancels a timer; one that has fired already is no error. */
  clearTimer(timer: unknown): void;
}

/** The real time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimer: (callback, ms) => setTimeout(callback, ms),
  clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};
