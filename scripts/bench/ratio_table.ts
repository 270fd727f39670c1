import type { Runtime } from "../runtimes.ts";
import type { CaseTimes } from "./benchmark.ts";

/** The first line of the table. */
export function ratioHeading(): string {
  return "runtime  what             theirs    ours   ratio  goal";
}

/** A line of the table: the medians, their ratio, and whether it meets the goal. */
export function ratioRow(
  runtime: Runtime,
  what: string,
  { theirs, ours }: CaseTimes,
  goal?: number,
): string {
  const ratio = median(ours) / median(theirs);
  return [
    runtime.padEnd(8),
    what.padEnd(14),
    median(theirs).toFixed(0).padStart(8),
    median(ours).toFixed(0).padStart(7),
    ratio.toFixed(2).padStart(7),
    ...(goal === undefined ? [] : [`  <= ${goal} ${ratio <= goal ? "met" : "MISSED"}`]),
  ].join(" ");
}

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[list.length >> 1]!;
}
