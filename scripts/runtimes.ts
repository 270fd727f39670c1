import { join } from "node:path";
import { root } from "./manifest.ts";

/**
 * What tests can run on; `npm ci` brings them all, so that nothing depends on what is installed.
 */
export type Runtime = "node20" | "node22" | "node" | "deno" | "bun";

/** The runtimes that run the sources unbuilt. */
export const sourceRuntimes: readonly Runtime[] = ["node", "deno", "bun"];

/** The runtimes that the packed package must work on. */
export const packageRuntimes: readonly Runtime[] = ["node20", "node22", "node", "deno", "bun"];

// Several Nodes clash in `node_modules/.bin`, so each is called where its package keeps it.
const binaries: Record<Runtime, string> = {
  node20: "node20/bin/node",
  node22: "node22/bin/node",
  node: "node/bin/node",
  deno: ".bin/deno",
  bun: ".bin/bun",
};

/** The runtime's executable. */
export function runtimeBinary(runtime: Runtime): string {
  return join(root, "node_modules", binaries[runtime]);
}

/**
 * The command that runs one test file and writes a JUnit report, its tests limited to `limitMs`
 * each.
 */
export function testCommand(
  runtime: Runtime,
  file: string,
  report: string,
  limitMs: number,
): string[] {
  const binary = runtimeBinary(runtime);
  switch (runtime) {
    case "deno":
      return [binary, "test", "-A", "--no-check", `--junit-path=${report}`, file];
    case "bun":
      // Bun alone has a limit of its own, of 5 s a test.
      return [
        binary,
        "test",
        `--timeout=${limitMs}`,
        "--reporter=junit",
        `--reporter-outfile=${report}`,
        `./${file}`,
      ];
    default:
      // Without `--test` the file runs in this very process: what it leaves open shows, as it does
      // for a user.
      return [
        binary,
        "--test-reporter=spec",
        "--test-reporter-destination=stdout",
        "--test-reporter=junit",
        `--test-reporter-destination=${report}`,
        file,
      ];
  }
}
