import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Runtime, runtimeBinary } from "./runtimes.ts";

/** How a script is run. */
export interface RunForJsonOptions {
  /** Whether it may collect garbage, as collect_garbage.ts does. */
  readonly exposeGc?: boolean;
  /** It is killed after this long; by default it may take as long as it likes. */
  readonly limitMs?: number;
}

/**
 * Runs a script that prints JSON on a runtime.
 *
 * @returns What it printed.
 * @throws If it fails; what it wrote to its standard error is shown in any case.
 */
export async function runForJson<Printed>(
  runtime: Runtime,
  script: string,
  args: readonly (string | number)[],
  { exposeGc = false, limitMs = 0 }: RunForJsonOptions = {},
): Promise<Printed> {
  const run = runtime === "deno" ? ["run", "-A", "--no-check"] : [];
  // Bun has its own way.
  if (exposeGc && runtime !== "bun") {
    run.push(runtime === "deno" ? "--v8-flags=--expose-gc" : "--expose-gc");
  }
  // Not synchronously: a proxy that logs to a pipe would stand still.
  const { stdout, stderr } = await promisify(execFile)(
    runtimeBinary(runtime),
    [...run, script, ...args.map(String)],
    { timeout: limitMs },
  );
  if (stderr !== "") console.error(stderr);
  return JSON.parse(stdout);
}
