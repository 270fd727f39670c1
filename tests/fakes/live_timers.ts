/** Timers that were set with a certain delay and are neither fired nor cleared. */
export interface LiveTimers {
  /** How many were set in all. */
  readonly set: number;
  /** What those that are left would call. */
  readonly left: readonly (() => void)[];
}

/**
 * Runs `use` while the timers of one delay are watched, which are looked up on `globalThis` when they
 * are set. A delay that nothing else has tells them from those of the runtime.
 */
export async function watchTimers(
  delayMs: number,
  use: (timers: LiveTimers) => Promise<void>,
): Promise<void> {
  const { setTimeout, clearTimeout } = globalThis;
  const live = new Map<unknown, () => void>();
  let set = 0;
  globalThis.setTimeout = Object.assign((callback: () => void, ms?: number) => {
    if (ms !== delayMs) return setTimeout(callback, ms);
    set++;
    const timer = setTimeout(() => {
      live.delete(timer);
      callback();
    }, ms);
    live.set(timer, callback);
    return timer;
  }, setTimeout);
  globalThis.clearTimeout = (timer) => {
    live.delete(timer);
    clearTimeout(timer);
  };
  try {
    await use({
      get set() {
        return set;
      },
      get left() {
        return [...live.values()];
      },
    });
  } finally {
    for (const timer of live.keys()) clearTimeout(timer as ReturnType<typeof setTimeout>);
    Object.assign(globalThis, { setTimeout, clearTimeout });
  }
}
