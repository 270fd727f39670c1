import { shownValue } from "../core/value_kind.ts";

/**
 * Calls `listener` when `signal` aborts, at most once.
 *
 * Signals are linked by hand and unlinked when the dial ends: `AbortSignal.any` keeps an entry for
 * each composite signal at a long-lived parent and leaks on every runtime.
 *
 * @param signal The signal, or `undefined` for one that never aborts. The caller checks whether it
 * has aborted already.
 * @param listener The function to call.
 * @returns Undoes the link; may be called more than once.
 * @throws {TypeError} If it is no signal.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return nothing;
  if (typeof signal.addEventListener !== "function") {
    throw new TypeError(`signal must be an AbortSignal, not ${shownValue(signal)}`);
  }
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

function nothing(): void {}

/**
 * Makes a controller that aborts with `parent`, with the same reason.
 *
 * @param parent The signal to follow; may have aborted already.
 * @returns The controller, and the function that unlinks it from the parent.
 */
export function linkedController(
  parent: AbortSignal | undefined,
): { controller: AbortController; unlink: () => void } {
  const controller = new AbortController();
  if (parent?.aborted) controller.abort(parent.reason);
  const unlink = onAbort(parent, () => controller.abort(parent?.reason));
  return { controller, unlink };
}

/**
 * Waits for `promise`, or until `signal` aborts. A later result is passed to `late`.
 *
 * @param promise The promise.
 * @param signal The signal that ends the wait.
 * @param late Disposes of a late result.
 * @returns The result of `promise`.
 * @throws `signal.reason`, as it is.
 */
export function abortable<T>(
  promise: PromiseLike<T>,
  signal: AbortSignal | undefined,
  late?: (value: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let over = false;
    const stop = () => {
      over = true;
      unlink();
      reject(signal?.reason);
    };
    const unlink = onAbort(signal, stop);
    if (signal?.aborted) stop();
    promise.then(
      (value) => {
        unlink();
        if (over) late?.(value);
        else resolve(value);
      },
      (error) => {
        unlink();
        reject(error);
      },
    );
  });
}

/**
 * Marks the rejection of a promise as handled: a dial that lost a race needs no further handling.
 *
 * @param promise The promise.
 * @returns The same promise.
 */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
