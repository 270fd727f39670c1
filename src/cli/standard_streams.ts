import { fstatSync } from "node:fs";
import process from "node:process";
import { UsageError } from "./usage_error.ts";

/** The reader of the standard output has closed it. */
export class OutputClosedError extends Error {
  override readonly name = "OutputClosedError";
}

/** Reports a failed write to its caller instead of as an uncaught exception. */
export function watchOutput(): void {
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
}

/**
 * Writes to the standard output.
 *
 * @returns Resolves when the system has accepted all of it; `data` may be reused then.
 * @throws {OutputClosedError} If the reader has closed the output.
 */
export function writeOutput(data: Uint8Array | string): Promise<void> {
  return new Promise((resolve, reject) => {
    try {
      process.stdout.write(data, (error) => error ? reject(outputError(error)) : resolve());
    } catch (error) {
      // Deno throws the error of a write to a file synchronously.
      reject(outputError(error as Error));
    }
  });
}

function outputError(error: Error): Error {
  const { code } = error as { code?: string };
  return code === "EPIPE" || code === "ERR_STREAM_DESTROYED"
    ? new OutputClosedError("standard output was closed", { cause: error })
    : new Error(`Cannot write to standard output: ${error.message}`, { cause: error });
}

/**
 * Rejects a directory as the standard input: Bun would wait for it forever, while Node and Deno
 * read it as an empty file.
 *
 * @throws {UsageError} If the standard input is a directory.
 */
export function checkInput(): void {
  let isDirectory = false;
  try {
    isDirectory = fstatSync(0).isDirectory();
  } catch {
    // A later read reports the error.
  }
  if (isDirectory) throw new UsageError("Cannot read standard input: it is a directory");
}

/**
 * Writes to the standard error output. A failure is ignored, since there is no other output for it.
 */
export function writeError(text: string): Promise<void> {
  return new Promise((resolve) => process.stderr.write(text, () => resolve()));
}
