import { isDialError } from "./dial_error.ts";

/**
 * Sets the stack of a failed dial's error to the call of the dial, instead of the timer or socket
 * callback that failed. To be called in the `catch` of an async function that awaits the dial: only
 * there all runtimes know the caller's frame.
 *
 * @param thrown The error of the dial.
 * @param signal The caller's signal, whose reason stays as it is.
 * @returns The same error, to be thrown.
 */
export function withCallerFrame(thrown: unknown, signal: AbortSignal | undefined): unknown {
  if (!isDialError(thrown) || signal?.aborted && thrown === signal.reason) return thrown;
  try {
    ErrorClass.captureStackTrace?.(thrown, withCallerFrame);
  } catch {
    // The error is frozen.
  }
  return thrown;
}

const ErrorClass = Error as {
  captureStackTrace?(error: object, below: (...args: never[]) => unknown): void;
};
