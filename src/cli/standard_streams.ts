import { closeSync, fstatSync, openSync, write } from "node:fs";
import { devNull } from "node:os";
import process from "node:process";
import { UsageError } from "./usage_error.ts";

/** The reader of the standard output has closed it. */
export class OutputClosedError extends Error {
  override readonly name = "OutputClosedError";
}

/** Ignores a failed write to the standard error output; there is no other output for it. */
export function watchErrors(): void {
  process.stderr.on("error", () => {});
}

/**
 * Writes to the standard output, by its descriptor: Bun cannot close that once `process.stdout` was
 * used.
 *
 * @returns Resolves when the system has accepted all of it; `data` may be reused then.
 * @throws {OutputClosedError} If the reader has closed the output.
 */
export async function writeOutput(data: Uint8Array | string): Promise<void> {
  let rest = typeof data === "string" ? new TextEncoder().encode(data) : data;
  while (rest.byteLength > 0) rest = rest.subarray(await writeSome(rest));
}

/** Milliseconds to wait for room in a pipe that another program has made non-blocking. */
const fullPipeMs = 5;

function writeSome(data: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    write(stdout, data, 0, data.byteLength, null, (error, count) => {
      if (error === null || error === undefined) resolve(count);
      else if (error.code === "EAGAIN") setTimeout(() => resolve(0), fullPipeMs);
      else reject(outputError(error));
    });
  });
}

/** The descriptor of the standard output. */
const stdout = 1;

/**
 * Closes the standard output, so that its reader sees the end.
 *
 * @returns Whether it is closed; Deno keeps the descriptor open until it exits.
 */
export function closeOutput(): boolean {
  closeSync(stdout);
  // A new descriptor is the lowest free one. It also keeps a socket from becoming number 1.
  return openSync(devNull, "w") === stdout;
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
