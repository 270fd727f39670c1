import { type ConnError, connError } from "../core/conn_error.ts";
import { shownValue } from "../core/value_kind.ts";

/**
 * Makes an error of any thrown value, for callbacks and events that require one: a falsy value
 * would be read as success.
 *
 * @param thrown The thrown value.
 * @param what The action that failed, for the message.
 * @param code The code of a new error.
 * @returns The thrown value if it is an error, else an error with it as `cause`.
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
 * @returns The reason if it is an error, else an error of Node's form with it as `cause`.
 */
export function abortError(reason: unknown): Error {
  if (reason instanceof Error) return reason;
  const error = connError("ABORT_ERR", "The operation was aborted");
  error.name = "AbortError";
  return withCause(error, reason);
}

/** Sets the cause, even if it is undefined. */
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
