/**
 * `npm run bench [-- --rounds 9 --mib 1024 --dials 3000 --runtime bun]`: ours against each runtime's fastest raw way, in one run.
 *
 * The rounds of the two alternate, and what is shown is the ratio of their medians: times of another run, machine or hour are
 * not comparable, the ratio is. The raw way sets the same socket options (no-delay, keep-alive of 15 s, half-open allowed).
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { withBenchServer } from "./bench_server.ts";
import { type CaseTable, ratioHeading, ratioRow } from "./ratio_table.ts";
import { root } from "../manifest.ts";
import { runForJson } from "../run_for_json.ts";
import { type Runtime, sourceRuntimes } from "../runtimes.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    mib: { type: "string", default: "1024" },
    dials: { type: "string", default: "3000" },
    runtime: { type: "string", multiple: true, default: [...sourceRuntimes] },
  },
});

/** What the ratio of the medians may be at most. */
const goals: Record<string, number> = { read: 1.11, write: 1.11, dial: 1.15 };

await withBenchServer(async (port) => {
  const { rounds, mib, dials } = values;
  console.log(
    `${mib} MiB each way in 64 KiB pieces, ${dials} dials, medians of ${rounds} rounds, ms`,
  );
  console.log(`${ratioHeading()}  goal`);
  const client = join(root, "scripts/bench/client.ts");
  for (const runtime of values.runtime as Runtime[]) {
    const times = await runForJson<CaseTable>(runtime, client, [
      port,
      rounds,
      Number(mib) * 1024 * 1024,
      dials,
    ]);
    for (const [what, all] of Object.entries(times)) {
      console.log(ratioRow(runtime, what, all, goals[what]));
    }
  }
});
