import { type ConnError, connError } from "../core/conn_error.ts";
import { shownValue } from "../core/value_kind.ts";

/**
 * Makes an error of anything that was thrown, for callbacks and events that take nothing else: a
 * falsy value would pass for no error at all.
 *
 * @param thrown Anything.
 * @param what What could not be done, for the message.
 * @param code The code of an error that is made here.
 * @returns What was thrown where it is an error, else an error whose `cause` it is.
 */
export function errorOf(thrown: unknown, what: string, code = "ERR_DIAL_FAILED"): Error {
  if (thrown instanceof Error) return thrown;
  const error = connError(code, `${what}: ${textOf(thrown)} was thrown`);
  return withCause(error, thrown);
}

/**
 * Makes the error of an abort.
 *
 * @param reason The reason of the signal.
 * @returns The reason where it is an error, else an error as Node makes it, whose `cause` it is.
 */
export function abortError(reason: unknown): Error {
  if (reason instanceof Error) return reason;
  const error = connError("ABORT_ERR", "The operation was aborted");
  error.name = "AbortError";
  return withCause(error, reason);
}

/** Also where it is undefined. */
function withCause(error: ConnError, cause: unknown): ConnError {
  return Object.defineProperty(error, "cause", {
    value: cause,
    configurable: true,
    writable: true,
  });
}

function textOf(thrown: unknown): string {
  return typeof thrown === "string" ? `"${thrown}"` : shownValue(thrown);
}
