/**
 * Runs every test file on Node, Deno and Bun, those of `./libp2p` also on Node 22, the oldest it is
 * for, and the packed package on all its runtimes.
 *
 *     npm test
 *     npm test -- --runtime bun tests/host_port_test.ts
 *     npm test -- --runtime package
 *
 * Several files run at once, `--jobs` of them (by default as many as there are cores), those of
 * `serial_files.ts` after them and alone.
 *
 * `--no-skip`, or ANYDIAL_NO_SKIP=1 in the environment, makes a skipped test a failure of the run.
 * The last line is always `N passed, N failed, N skipped`, over all runtimes.
 */
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { root } from "../manifest.ts";
import { killGroupsOnSignal } from "../run_process.ts";
import { sourceRuntimes } from "../runtimes.ts";
import { smokePackage } from "../release/smoke.ts";
import { runsAlone } from "./serial_files.ts";
import { type FileResult, runTestFile } from "./test_file.ts";
import { countTests, formatCounts, isSuccess, listRemarkable } from "./test_summary.ts";

/** The runtimes for test files; not all run all files where none is named. */
type TestRuntime = typeof sourceRuntimes[number] | "node22";

/** How long all files may take on one runtime. */
const runtimeLimitMs = 540_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runtime: { type: "string", multiple: true },
    jobs: { type: "string", default: String(availableParallelism()) },
    "no-skip": { type: "boolean", default: process.env.ANYDIAL_NO_SKIP === "1" },
  },
});

const jobs = Number(values.jobs);
if (!(Number.isInteger(jobs) && jobs > 0)) {
  throw new TypeError(`Cannot run ${JSON.stringify(values.jobs)} files at once: not a count`);
}
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

function chosenRuntimes(): (TestRuntime | "package")[] {
  const known = [...sourceRuntimes, "node22" as const, "package" as const];
  // With files named, the package's suite is not made of them, and Node 22 is for whoever asks.
  const wanted: readonly string[] = values.runtime ??
    (positionals.length === 0 ? known : sourceRuntimes);
  const unknown = wanted.filter((name) => !known.some((runtime) => runtime === name));
  if (unknown.length > 0) throw new TypeError(`Cannot test on ${unknown}: unknown runtime`);
  return known.filter((name) => wanted.includes(name));
}

async function testSources(runtime: TestRuntime, end: number): Promise<FileResult[]> {
  const files = testFiles(runtime);
  const run = (file: string) => runTestFile(runtime, file, { cwd: root, end });
  return [
    ...await mapConcurrently(files.filter((file) => !runsAlone(file)), jobs, run),
    ...await mapConcurrently(files.filter(runsAlone), 1, run),
  ];
}

/** Does it for all, `limit` at a time; what comes of it has the order of `items`. */
async function mapConcurrently<Item, Result>(
  items: readonly Item[],
  limit: number,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await run(items[index]!);
    }
  };
  await Promise.all(Array.from({ length: limit }, work));
  return results;
}

function testFiles(runtime: TestRuntime): string[] {
  if (positionals.length > 0) return positionals.map((file) => file.replace(/^\.\//, ""));
  // Everything else is also for Node 20, which cannot run sources: there the packed package is
  // tested.
  const directory = runtime === "node22" ? "tests/libp2p" : "tests";
  return globSync(`${directory}/**/*_test.ts`, { cwd: root }).sort();
}
