/** An error of an established connection, with a Node-spelled code. */
export interface ConnError extends Error {
  /** `ECONNRESET`, `EPIPE`, `ERR_CONN_CLOSED` … */
  readonly code: string;
}

/**
 * Makes an error as a failed `read` or `write` rejects with.
 *
 * @param code The code, in Node's spelling.
 * @param message What failed and why, on one line.
 * @param cause The original failure, if any.
 * @returns The error.
 */
export function connError(code: string, message: string, cause?: unknown): ConnError {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  return Object.assign(error, { code });
}

/** What a call on a closed connection, or one pending at its close, rejects with. */
export function closedError(call: string): ConnError {
  return connError("ERR_CONN_CLOSED", `Cannot ${call}: the connection is closed`);
}
