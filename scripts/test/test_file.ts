import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseJunitReport, type TestOutcome } from "./junit_report.ts";
import { runProcess, type RunResult } from "../run_process.ts";
import { type Runtime, testCommand } from "../runtimes.ts";

/** What became of one test file on one runtime. */
export interface FileResult {
  runtime: Runtime;
  file: string;
  tests: TestOutcome[];
}

/** Where and how long a test file may run. */
export interface TestFileOptions {
  cwd: string;
  /** When all files of the runtime must have ended, by `performance.now()`. */
  end: number;
}

/** How long one test file may take. */
const fileLimitMs = 180_000;

/**
 * Runs one test file in a process of its own, so that descriptors can be counted, a hang is found
 * and one file's leftovers cannot reach the next. Its output is printed in one piece, for others
 * may run meanwhile.
 */
export async function runTestFile(
  runtime: Runtime,
  file: string,
  options: TestFileOptions,
): Promise<FileResult> {
  const limitMs = Math.round(Math.min(fileLimitMs, options.end - performance.now()));
  if (limitMs <= 0) {
    return { runtime, file, tests: [{ name: "(not run: no time left)", outcome: "failed" }] };
  }
  const directory = mkdtempSync(join(tmpdir(), "anydial-test-"));
  const report = join(directory, "report.xml");
  try {
    const run = await runProcess(testCommand(runtime, file, report, limitMs), {
      cwd: options.cwd,
      // A terminal is not asked for: the output is not written to it directly.
      env: { NO_COLOR: "1", FORCE_COLOR: "0" },
      limitMs,
      output: "collect",
    });
    const seconds = (run.ms / 1000).toFixed(1);
    console.log(`\n─ ${file} on ${runtime}\n${run.output.trimEnd()}\n─ took ${seconds} s`);
    const xml = existsSync(report) ? readFileSync(report, "utf8") : "";
    return { runtime, file, tests: judgeRun(run, xml) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * The outcomes of a run: those reported, and a failed one more where the process did not end as its
 * report says. Deno and Bun exit with 0 when a test calls `process.exit(0)`, and nothing else would
 * show it.
 */
export function judgeRun(
  run: Pick<RunResult, "code" | "timedOut">,
  xml: string,
): TestOutcome[] {
  const { tests, complete } = parseJunitReport(xml);
  const fault = findFault(run, tests, complete);
  return fault === undefined ? tests : [...tests, { name: fault, outcome: "failed" }];
}

function findFault(
  run: Pick<RunResult, "code" | "timedOut">,
  tests: TestOutcome[],
  complete: boolean,
): string | undefined {
  if (run.timedOut) return "(the file did not end in time)";
  if (!complete) return `(the file ended without a report, with exit code ${run.code})`;
  if (tests.length === 0) return "(the file has no tests)";
  if (run.code !== 0 && !tests.some((test) => test.outcome === "failed")) {
    return `(every test passed, but the exit code was ${run.code})`;
  }
  return undefined;
}
