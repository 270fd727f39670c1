/**
 * `npm run soak [-- --minutes 5 --runtime deno]`: libp2p nodes that dial, talk, close, abort and
 * give up, directly and through proxies, a good peer and a hostile one, for that long on each
 * runtime. What they hold must become level: fails where descriptors or memory still grow in the
 * second half, or where something was caught by nobody.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startNode } from "../../../tests/libp2p/nodes/node_process.ts";
import { startNpmProxies } from "../../npm_proxies.ts";
import { runForJson } from "../../run_for_json.ts";
import { type Runtime, sourceRuntimes } from "../../runtimes.ts";
import { startHostileServer } from "./hostile_server.ts";
import type { Held, SoakResult } from "./soak_client.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    runtime: { type: "string", multiple: true, default: [...sourceRuntimes] },
  },
});
const seconds = Number(values.minutes) * 60;
const client = fileURLToPath(new URL("soak_client.ts", import.meta.url));

/** From the second quarter of the time to the last one: more than what single moments differ by. */
const mostGrowth: Record<keyof Held, { times: number; plus: number }> = {
  descriptors: { times: 1, plus: 4 },
  heapBytes: { times: 1.1, plus: 1_000_000 },
  externalBytes: { times: 1.1, plus: 1_000_000 },
  residentBytes: { times: 1.15, plus: 5_000_000 },
};

const proxies = await startNpmProxies();
const hostile = await startHostileServer();
for (const runtime of values.runtime as Runtime[]) {
  const peer = await startNode(runtime, "theirs");
  const args = [seconds, peer.ma, hostile.ma, ...proxies.urls];
  const limits = { exposeGc: true, limitMs: seconds * 1_000 + 120_000 };
  const faults = report(runtime, await runForJson(runtime, client, args, limits));
  for (const fault of faults) console.log(`  ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
  await peer.stop();
}
hostile.close();
await proxies.close();

/** Prints what came of it, and gives what is wrong. */
function report(runtime: Runtime, { cycles, failures, uncaught, looks }: SoakResult): string[] {
  const count = Object.values(cycles).reduce((sum, each) => sum + each, 0);
  console.log(`${runtime}: ${count} cycles ${JSON.stringify(cycles)}`);
  const faults = [
    ...uncaught.map((error) => `caught by nobody: ${error}`),
    ...Object.entries(failures).map(([failure, times]) => `failed ${times} times: ${failure}`),
  ];
  for (const key of Object.keys(mostGrowth) as (keyof Held)[]) {
    const quarters = [0, 1, 2, 3].map((quarter) => medianIn(quarter, looks, key));
    const { times, plus } = mostGrowth[key];
    console.log(`  ${key.padEnd(14)} by quarters ${quarters.join(" ")}`);
    if (quarters[3]! > quarters[1]! * times + plus) faults.push(`${key} grows`);
  }
  return faults;
}

function medianIn(quarter: number, looks: readonly Held[], key: keyof Held): number {
  const slice = looks.slice(looks.length * quarter / 4, looks.length * (quarter + 1) / 4);
  const sorted = slice.map((held) => held[key]).toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
