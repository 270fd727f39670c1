import { isDialError } from "../core/dial_error.ts";

/**
 * Gives the error of a failed dial the stack of where the dial was called, rather than that of the
 * timer or socket which it failed by. To be called in the `catch` of an async function that awaits
 * the dial: there, and nowhere else, all runtimes know the caller's frame.
 *
 * @param thrown What the dial rejects with.
 * @param signal The caller's signal, whose reason stays as it is.
 * @returns The same, to be thrown.
 */
export function withCallerFrame(thrown: unknown, signal: AbortSignal | undefined): unknown {
  if (!isDialError(thrown) || signal?.aborted && thrown === signal.reason) return thrown;
  try {
    ErrorClass.captureStackTrace?.(thrown, withCallerFrame);
  } catch {
    // It is frozen.
  }
  return thrown;
}

const ErrorClass = Error as {
  captureStackTrace?(error: object, below: (...args: never[]) => unknown): void;
};
