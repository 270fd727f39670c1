/** An invalid command line; the message is the reason, on one line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
