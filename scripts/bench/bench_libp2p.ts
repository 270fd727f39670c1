/**
 * `npm run bench:libp2p [-- --processes 3 --rounds 3 --mib 512 --dials 3000 --idle 3000 --runtime bun]`: this transport against
 * `@libp2p/tcp`, alternating in one run. See bench.ts for what a ratio is. The other end is a C program, for a JavaScript one
 * would be the bottleneck; of whole nodes it is a node on the same runtime.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startNode } from "../../tests/libp2p/node_process.ts";
import { withBenchServer } from "./bench_server.ts";
import { type CaseTable, type CaseTimes, ratioHeading, ratioRow } from "./ratio_table.ts";
import { root } from "../manifest.ts";
import { runForJson } from "../run_for_json.ts";
import { type Runtime, sourceRuntimes } from "../runtimes.ts";

const { values } = parseArgs({
  options: {
    processes: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    mib: { type: "string", default: "512" },
    dials: { type: "string", default: "3000" },
    idle: { type: "string", default: "3000" },
    runtime: { type: "string", multiple: true, default: [...sourceRuntimes] },
  },
});

/** Measured against itself, `@libp2p/tcp` comes out between 0.88 and 1.11. */
const equal = 1.1;

/**
 * What the ratio of the medians may be at most: on Node bytes go 1.2 times as fast. Not where a connection does nothing but
 * receive: most of the time goes into memory that nobody had before, which is the garbage of both. None is set for a dial
 * without an upgrade, which on the loopback takes so little that it shows every call to the system: ours also sets a time
 * limit and the keep-alive's idle time, and asks for the local address.
 */
function goalOf(runtime: Runtime, what: string): number | undefined {
  if (what === "bare dial") return undefined;
  return runtime === "node" && /^(both|send)/.test(what) ? 0.83 : equal;
}

await withBenchServer(async (port) => {
  const { processes, rounds, mib, dials } = values;
  console.log(
    `medians of ${processes} processes; in each, of ${Number(dials) / 20} dials of a node`,
  );
  console.log(
    `and ${dials} without an upgrade in µs; ${rounds} rounds in ms, of ${mib} MiB each way over`,
  );
  console.log(
    `a connection, 64 MiB over a node's stream; bytes of ${values.idle} idle connections`,
  );
  console.log(`${ratioHeading()}  goal`);
  for (const runtime of values.runtime as Runtime[]) {
    const show = (what: string, times: CaseTimes) =>
      console.log(ratioRow(runtime, what, times, goalOf(runtime, what)));
    for (const [what, times] of await measureBusy(runtime, port)) show(what, times);
    show("idle", await measureIdle(runtime, port));
  }
});

/** In several processes, since one is faster than another by how its memory happens to lie. */
async function measureBusy(runtime: Runtime, port: number): Promise<Map<string, CaseTimes>> {
  const { processes, rounds, mib, dials } = values;
  const all = new Map<string, CaseTimes>();
  const node = await startNode(runtime, "theirs");
  const args = [port, rounds, Number(mib) * 1024 * 1024, dials, node.ma];
  for (let process = 0; process < Number(processes); process++) {
    const measured = await runForJson<CaseTable>(runtime, bench("libp2p_client.ts"), args);
    for (const [what, { theirs, ours }] of Object.entries(measured)) {
      const before = all.get(what) ?? { theirs: [], ours: [] };
      all.set(what, {
        theirs: [...before.theirs, ...theirs],
        ours: [...before.ours, ...ours],
      });
    }
  }
  await node.stop();
  return all;
}

/** In a process for each connection's kind and round, since memory that was in use before is used again. */
async function measureIdle(runtime: Runtime, port: number): Promise<CaseTimes> {
  const bytes = { theirs: [] as number[], ours: [] as number[] };
  for (let round = 0; round < 7; round++) {
    for (const who of ["theirs", "ours"] as const) {
      const args = [port, values.idle, who];
      const result = await runForJson<CaseTable>(runtime, bench("libp2p_idle.ts"), args, {
        exposeGc: true,
      });
      bytes[who].push(...result["idle"]![who]);
    }
  }
  return bytes;
}

function bench(script: string): string {
  return join(root, "scripts/bench", script);
}
