/** A command line that cannot be read; the message says why, on one line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
