import { composeDialer, type ContextDialer, type DialError, isDialError } from "../../mod.ts";

export interface RetryOptions {
  /** How often a failed dial is made again. */
  maxRetries: number;
  /** The longest pause before the first retry, in milliseconds; it doubles with each retry. */
  baseDelayMs: number;
  /** Random numbers from 0 to 1. */
  random?: () => number;
}

/** Dials again after a failure, with exponential back-off and full jitter. */
export function withRetry(dialer: ContextDialer, options: RetryOptions): ContextDialer {
  const { maxRetries, baseDelayMs, random = Math.random } = options;
  return composeDialer("retry", dialer, async (dial) => {
    const errors: DialError[] = [];
    for (;;) {
      try {
        return await dial.through(dialer);
      } catch (error) {
        // A bad address stays bad. What is no DialError is the caller's abort.
        if (!isDialError(error) || error.phase === "address") throw error;
        errors.push(error);
        const number = errors.length;
        if (number > maxRetries) throw dial.error({ ...error, cause: error, errors });
        const delayMs = random() * baseDelayMs * 2 ** (number - 1);
        await dial.wait(delayMs, `before retry ${number}`);
        dial.note({ type: "retry", number, why: error.reason });
      }
    }
  });
}
