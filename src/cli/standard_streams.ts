import process from "node:process";

/** Whoever read the standard output has closed it. */
export class OutputClosedError extends Error {
  override readonly name = "OutputClosedError";
}

/** Makes a failed write the business of whoever wrote, instead of an uncaught exception. */
export function watchOutput(): void {
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
}

/**
 * Writes to the standard output.
 *
 * @returns Resolves when the system has taken all of it, after which `data` may be reused.
 * @throws {OutputClosedError} If nobody reads it any more.
 */
export function writeOutput(data: Uint8Array | string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(data, (error) => {
      if (!error) return resolve();
      const { code } = error as { code?: string };
      const closed = code === "EPIPE" || code === "ERR_STREAM_DESTROYED";
      reject(
        closed
          ? new OutputClosedError("standard output was closed", { cause: error })
          : new Error(`Cannot write to standard output: ${error.message}`, { cause: error }),
      );
    });
  });
}

/** Writes to the standard error output; what cannot be written there can be told nowhere. */
export function writeError(text: string): Promise<void> {
  return new Promise((resolve) => process.stderr.write(text, () => resolve()));
}
