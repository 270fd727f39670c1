/**
 * Measures one group of a benchmark on the runtime that it is run on, and prints the times as JSON.
 * Arguments: the benchmark's name, the group's, the setting as JSON, and for a group whose ways are
 * measured apart, which one.
 */
import { type Case, type CaseTimes, loadBenchmark, type Setting, type Who } from "./benchmark.ts";

const [name, group, json, who] = process.argv.slice(2) as [string, string, string, Who?];
const setting = JSON.parse(json) as Setting;
const cases = await (await loadBenchmark(name)).groups[group]!.cases(setting);
const table: Record<string, CaseTimes> = {};
for (const [what, pair] of Object.entries(cases)) {
  table[what] = who === undefined
    ? await alternate(pair, pair.rounds ?? setting.options["rounds"]!)
    : { theirs: [], ours: [], [who]: [await time(pair, who)] };
}
console.log(JSON.stringify(table));
// On Deno a stopped libp2p node keeps the process alive.
process.exit(0);

/**
 * Measures in rounds in which ours and theirs alternate, so that whatever else the machine does
 * meets both. The first round of each warms up and does not count.
 */
async function alternate(pair: Case, rounds: number): Promise<CaseTimes> {
  const times = { theirs: [] as number[], ours: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const order = round % 2 === 0 ? ["theirs", "ours"] as const : ["ours", "theirs"] as const;
    for (const who of order) {
      const ms = await time(pair, who);
      if (round > 0) times[who].push(ms);
    }
  }
  return times;
}

async function time(pair: Case, who: Who): Promise<number> {
  const start = performance.now();
  return await pair[who]() ?? performance.now() - start;
}
