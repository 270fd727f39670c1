import type { FileResult } from "./test_file.ts";

/** How many tests had which outcome. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Adds up outcomes over files and runtimes. */
export function countTests(results: readonly FileResult[]): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { tests } of results) {
    for (const { outcome } of tests) counts[outcome]++;
  }
  return counts;
}

/** `3 passed, 0 failed, 1 skipped` */
export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/**
 * Whether the run as a whole is good: something passed, nothing failed, and nothing was skipped
 * that must not be.
 */
export function isSuccess(counts: Counts, noSkip: boolean): boolean {
  return counts.passed > 0 && counts.failed === 0 && !(noSkip && counts.skipped > 0);
}

/**
 * One line for each test that failed or was skipped, and for each file whose tests differ between
 * runtimes.
 */
export function listRemarkable(results: readonly FileResult[]): string[] {
  const lines = results.flatMap(({ runtime, file, tests }) =>
    tests.filter((test) => test.outcome !== "passed").map((test) => {
      const reason = test.reason === undefined ? "" : ` (${test.reason})`;
      return `${test.outcome} on ${runtime}: ${file}: ${test.name}${reason}`;
    })
  );
  return [...lines, ...listDifferences(results)];
}

function listDifferences(results: readonly FileResult[]): string[] {
  return Object.entries(Object.groupBy(results, (result) => result.file)).flatMap(
    ([file, runs]) => {
      const counts = new Set(runs!.map((run) => run.tests.length));
      if (counts.size === 1) return [];
      const each = runs!.map((run) => `${run.tests.length} on ${run.runtime}`).join(", ");
      return [`note: ${file} has not the same number of tests everywhere: ${each}`];
    },
  );
}
