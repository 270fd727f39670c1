/**
 * `npm run bench:libp2p [-- --rounds 7 --mib 512 --dials 2000 --idle 3000 --runtime bun]`: this transport against `@libp2p/tcp`,
 * alternating in one run. See bench.ts for what a ratio is. The other end is a C program, for a JavaScript one would be the
 * bottleneck; of whole nodes it is a node on the same runtime.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startNode } from "../tests/libp2p/node_process.ts";
import { withBenchServer } from "./bench/bench_server.ts";
import { type CaseTimes, measure, ratioHeading, ratioRow } from "./bench/ratio_table.ts";
import { root } from "./manifest.ts";
import { type Runtime, sourceRuntimes } from "./runtimes.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    mib: { type: "string", default: "512" },
    dials: { type: "string", default: "2000" },
    idle: { type: "string", default: "3000" },
    runtime: { type: "string", multiple: true, default: [...sourceRuntimes] },
  },
});

/**
 * What the ratio of the medians may be at most: on Node bytes go 1.2 times as fast. Not where a connection does nothing but
 * receive: most of the time goes into memory that nobody had before, which is the garbage of both.
 */
function goalOf(runtime: Runtime, what: string): number {
  return runtime === "node" && /^(both|send)/.test(what) ? 0.83 : 1;
}

await withBenchServer(async (port) => {
  const { rounds, mib, dials, idle } = values;
  console.log(
    `${dials} dials; ${mib} MiB each way over a connection, 64 MiB over a node's stream;`,
  );
  console.log(
    `bytes of each of ${idle} idle connections; medians of ${rounds} rounds, ms or bytes`,
  );
  console.log(`${ratioHeading()}  goal`);
  for (const runtime of values.runtime as Runtime[]) {
    const show = (what: string, times: CaseTimes) =>
      console.log(ratioRow(runtime, what, times, goalOf(runtime, what)));
    const node = await startNode(runtime, "theirs");
    const args = [port, rounds, Number(mib) * 1024 * 1024, dials, node.ma];
    const times = await measure(runtime, bench("libp2p_client.ts"), args);
    await node.stop();
    for (const [what, all] of Object.entries(times)) show(what, all);
    show("idle", await measureIdle(runtime, port));
  }
});

/** In a process for each connection's kind and round, since memory that was in use before is used again. */
async function measureIdle(runtime: Runtime, port: number): Promise<CaseTimes> {
  const bytes = { theirs: [] as number[], ours: [] as number[] };
  for (let round = 0; round < 3; round++) {
    for (const who of ["theirs", "ours"] as const) {
      const args = [port, values.idle, who];
      const result = await measure(runtime, bench("libp2p_idle.ts"), args, { exposeGc: true });
      bytes[who].push(...result["idle"]![who]);
    }
  }
  return bytes;
}

function bench(script: string): string {
  return join(root, "scripts/bench", script);
}
