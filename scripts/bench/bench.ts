/**
 * Compares ours with others, in one run: the runtimes' fastest raw ways (`raw`, the default), npm's
 * clients of proxies (`proxy`), `@libp2p/tcp` (`libp2p`).
 *
 *     node scripts/bench/bench.ts NAME… [--runtime bun] [--rounds 9] …
 *
 * The rounds of the two alternate, and what is shown is the ratio of their medians: times of
 * another run, machine or hour are not comparable, the ratio is. Each benchmark in benchmarks/ has
 * more options, all of them numbers. The other end is a C program, for a JavaScript one would be
 * the bottleneck.
 */
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runForJson } from "../run_for_json.ts";
import { type Runtime, sourceRuntimes } from "../runtimes.ts";
import { withBenchServer } from "./bench_server.ts";
import {
  type Benchmark,
  type CaseTimes,
  type Group,
  loadBenchmark,
  type Options,
  type Setting,
} from "./benchmark.ts";
import { ratioHeading, ratioRow } from "./ratio_table.ts";

type CaseTable = Record<string, CaseTimes>;

const measure = fileURLToPath(new URL("measure.ts", import.meta.url));
const known = readdirSync(new URL("benchmarks", import.meta.url)).map((file) =>
  basename(file, ".ts")
);
const args = process.argv.slice(2);
const firstOption = args.findIndex((arg) => arg.startsWith("-"));
const given = firstOption === -1 ? args : args.slice(0, firstOption);
const names = given.length > 0 ? given : ["raw"];
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new TypeError(`Cannot run ${unknown}: there is ${known.join(", ")}`);
const benchmarks = await Promise.all(names.map(loadBenchmark));
const { runtimes, numbers } = readOptions(benchmarks);
for (const [index, benchmark] of benchmarks.entries()) {
  await withBenchServer((port) => run(names[index]!, benchmark, port));
}

/** The options of all chosen benchmarks together. */
function readOptions(
  benchmarks: readonly Benchmark[],
): { runtimes: Runtime[]; numbers: Options } {
  const names = benchmarks.flatMap(({ options }) => Object.keys(options));
  const { values } = parseArgs({
    args: args.slice(given.length),
    options: {
      runtime: { type: "string", multiple: true, default: [...sourceRuntimes] },
      ...Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
    },
  });
  const { runtime, ...rest } = values as { runtime: Runtime[] } & Record<string, string>;
  const numbers = Object.entries(rest).map(([name, value]) => [name, Number(value)]);
  return { runtimes: runtime, numbers: Object.fromEntries(numbers) };
}

async function run(name: string, benchmark: Benchmark, port: number): Promise<void> {
  const own = Object.entries(benchmark.options).map(([key, value]) => [key, numbers[key] ?? value]);
  const options: Options = Object.fromEntries(own);
  console.log([...benchmark.heading(options), ratioHeading()].join("\n"));
  for (const runtime of runtimes) {
    const peers = await benchmark.startPeers?.(runtime);
    try {
      const setting = { port, options, peers: peers?.addresses ?? [] };
      for (const [groupName, group] of Object.entries(benchmark.groups)) {
        const table = await measureGroup(runtime, [name, groupName], group, setting);
        for (const [what, times] of Object.entries(table)) {
          console.log(ratioRow(runtime, what, times, benchmark.goal?.(runtime, what)));
        }
      }
    } finally {
      await peers?.stop();
    }
  }
}

/** The times of all processes together. */
async function measureGroup(
  runtime: Runtime,
  names: readonly string[],
  group: Group,
  setting: Setting,
): Promise<CaseTable> {
  const all: Record<string, { theirs: number[]; ours: number[] }> = {};
  const ways = group.apart ? [["theirs"], ["ours"]] : [[]];
  for (let round = 0; round < (group.processes?.(setting.options) ?? 1); round++) {
    for (const way of ways) {
      const args = [...names, JSON.stringify(setting), ...way];
      const options = { exposeGc: group.apart ?? false };
      const table = await runForJson<CaseTable>(runtime, measure, args, options);
      for (const [what, { theirs, ours }] of Object.entries(table)) {
        const times = all[what] ??= { theirs: [], ours: [] };
        times.theirs.push(...theirs);
        times.ours.push(...ours);
      }
    }
  }
  return all;
}
