import type { Runtime } from "../runtimes.ts";

/** The times of a case in milliseconds, round by round: theirs is the way that ours is measured against. */
export interface CaseTimes {
  readonly theirs: readonly number[];
  readonly ours: readonly number[];
}

/** The cases of a client by their names, as it prints them. */
export type CaseTable = Record<string, CaseTimes>;

/** What is measured; one that takes the time itself gives it, in milliseconds or a unit of its own. */
export type CaseRun = () => Promise<number | void>;

/**
 * Measures cases in rounds in which ours and theirs alternate, so that whatever else the machine does meets both. The first
 * round of each warms up and does not count.
 */
export async function alternate(
  cases: Record<string, { theirs: CaseRun; ours: CaseRun }>,
  rounds: number,
): Promise<CaseTable> {
  const times: Record<string, { theirs: number[]; ours: number[] }> = {};
  for (const [name, pair] of Object.entries(cases)) {
    const list = times[name] = { theirs: [] as number[], ours: [] as number[] };
    for (let round = 0; round <= rounds; round++) {
      const order = round % 2 === 0 ? ["theirs", "ours"] as const : ["ours", "theirs"] as const;
      for (const who of order) {
        const start = performance.now();
        const ms = await pair[who]() ?? performance.now() - start;
        if (round > 0) list[who].push(ms);
      }
    }
  }
  return times;
}

/** The first line of the table. */
export function ratioHeading(): string {
  return "runtime  what             theirs    ours   ratio";
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
