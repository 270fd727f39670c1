/** An error of an established connection, with a Node-spelled code. */
export interface ConnError extends Error {
  /** `ECONNRESET`, `EPIPE`, `ERR_CONN_CLOSED` … */
  readonly code: string;
}

/**
 * Makes the error with which a failed `read` or `write` rejects.
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

/** Makes the error of a call on a closed connection, or of one pending when it closes. */
export function closedError(call: string): ConnError {
  return connError("ERR_CONN_CLOSED", `Cannot ${call}: the connection is closed`);
}
