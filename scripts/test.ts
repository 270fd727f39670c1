/**
 * Runs every test file on Node, Deno and Bun, and the packed package on all its runtimes.
 *
 *     npm test
 *     npm test -- --runtime bun tests/host_port_test.ts
 *     npm test -- --runtime package
 *
 * `--no-skip`, or ANYDIAL_NO_SKIP=1 in the environment, makes a skipped test a failure of the run. The last line
 * is always `N passed, N failed, N skipped`, over all runtimes.
 */
import { globSync } from "node:fs";
import { parseArgs } from "node:util";
import { root } from "./manifest.ts";
import { killGroupsOnSignal } from "./run_process.ts";
import { sourceRuntimes } from "./runtimes.ts";
import { smokePackage } from "./smoke.ts";
import { type FileResult, runTestFile } from "./test_file.ts";
import { countTests, formatCounts, isSuccess, listRemarkable } from "./test_summary.ts";

/** How long all files may take on one runtime. */
const runtimeLimitMs = 540_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runtime: { type: "string", multiple: true },
    "no-skip": { type: "boolean", default: process.env.ANYDIAL_NO_SKIP === "1" },
  },
});

killGroupsOnSignal();
const results: FileResult[] = [];
const summary: string[] = [];
for (const runtime of chosenRuntimes()) {
  console.log(`\n━━ ${runtime} ━━`);
  const end = performance.now() + runtimeLimitMs;
  const ofRuntime = runtime === "package"
    ? await smokePackage({ end })
    : await testSources(runtime, end);
  results.push(...ofRuntime);
  summary.push(`${runtime}: ${formatCounts(countTests(ofRuntime))}`);
}

const counts = countTests(results);
process.exitCode = isSuccess(counts, values["no-skip"]) ? 0 : 1;
console.log(["", ...listRemarkable(results), "", ...summary, formatCounts(counts)].join("\n"));

function chosenRuntimes(): (typeof sourceRuntimes[number] | "package")[] {
  // The package's suite is not made of the files named.
  const all = [...sourceRuntimes, ...(positionals.length === 0 ? ["package" as const] : [])];
  const wanted = values.runtime ?? all;
  const unknown = wanted.filter((name) => !["package", ...sourceRuntimes].includes(name));
  if (unknown.length > 0) throw new TypeError(`Cannot test on ${unknown}: unknown runtime`);
  return [...sourceRuntimes, "package" as const].filter((name) => wanted.includes(name));
}

async function testSources(
  runtime: typeof sourceRuntimes[number],
  end: number,
): Promise<FileResult[]> {
  const results: FileResult[] = [];
  for (const file of testFiles()) {
    results.push(await runTestFile(runtime, file, { cwd: root, end }));
  }
  return results;
}

// One after the other: several of them measure times, or fill the cores of a small machine.
function testFiles(): string[] {
  if (positionals.length > 0) return positionals.map((file) => file.replace(/^\.\//, ""));
  return globSync("tests/**/*_test.ts", { cwd: root }).sort();
}
