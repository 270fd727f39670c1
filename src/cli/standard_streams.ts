import { fstatSync } from "node:fs";
import process from "node:process";
import { UsageError } from "./usage_error.ts";

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
    try {
      process.stdout.write(data, (error) => error ? reject(outputError(error)) : resolve());
    } catch (error) {
      // Deno throws what a write to a file comes to.
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
 * Refuses a directory as the standard input: Bun would wait for it forever, Node and Deno take it for an empty file.
 *
 * @throws {UsageError} If it is one.
 */
export function checkInput(): void {
  let isDirectory = false;
  try {
    isDirectory = fstatSync(0).isDirectory();
  } catch {
    // Whoever reads it will see what is wrong.
  }
  if (isDirectory) throw new UsageError("Cannot read standard input: it is a directory");
}

/** Writes to the standard error output; what cannot be written there can be told nowhere. */
export function writeError(text: string): Promise<void> {
  return new Promise((resolve) => process.stderr.write(text, () => resolve()));
}
