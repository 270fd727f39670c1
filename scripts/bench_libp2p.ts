/**
 * `node scripts/bench_libp2p.ts [--rounds 7 --mib 512 --dials 2000 --runtime bun]`: this transport against `@libp2p/tcp`, in one run.
 *
 * What is shown is the ratio of the medians: above 1 ours is faster, or smaller. Times of another run, machine or hour are not
 * comparable, the ratio is. The other end is a C program, for a JavaScript one would be the bottleneck; of whole nodes it is
 * a node on the same runtime.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startNode } from "../tests/libp2p/node_process.ts";
import { root } from "./manifest.ts";
import { type Runtime, runtimeBinary, sourceRuntimes } from "./runtimes.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    mib: { type: "string", default: "512" },
    dials: { type: "string", default: "2000" },
    idle: { type: "string", default: "1000" },
    runtime: { type: "string", multiple: true, default: [...sourceRuntimes] },
  },
});

type Results = Record<string, { bytes?: number; theirs: number[]; ours: number[] }>;

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "anydial-bench-"));
  const binary = join(folder, "server");
  execFileSync("cc", ["-O2", "-pthread", "-o", binary, join(root, "scripts/bench/server.c")], {
    stdio: "inherit",
  });
  const server = spawn(binary, { stdio: ["pipe", "pipe", "inherit"] });
  try {
    const [line] = await once(server.stdout, "data");
    const port = Number(line);
    console.log(`${values.mib} MiB, ${values.dials} dials, medians of ${values.rounds} rounds`);
    console.log(row("runtime", "what", "@libp2p/tcp", "ours", "ratio"));
    for (const runtime of values.runtime as Runtime[]) await measure(runtime, port);
  } finally {
    server.stdin.end();
    rmSync(folder, { recursive: true });
  }
}

async function measure(runtime: Runtime, port: number): Promise<void> {
  const node = await startNode(runtime, "theirs");
  const bytes = Number(values.mib) * 1024 * 1024;
  const args = [port, values.rounds, bytes, values.dials, node.ma].map(String);
  const results = JSON.parse(run(runtime, "libp2p_client.ts", args)) as Results;
  await node.stop();
  for (const [what, { bytes, theirs, ours }] of Object.entries(results)) {
    const ratio = median(theirs) / median(ours);
    const show = (list: number[]) =>
      bytes === undefined
        ? `${(median(list) / Number(values.dials) * 1000).toFixed(0)} µs`
        : `${(bytes / median(list) / 1000).toFixed(0)} MB/s`;
    console.log(row(runtime, what, show(theirs), show(ours), ratio.toFixed(2)));
  }
  const [theirs, ours] = ["theirs", "ours"].map((who) =>
    Number(run(runtime, "libp2p_idle.ts", [String(port), values.idle, who]))
  ) as [number, number];
  const show = (each: number) => `${(each / 1024).toFixed(1)} KiB`;
  console.log(
    row(runtime, "an idle connection", show(theirs), show(ours), (theirs / ours).toFixed(2)),
  );
}

function run(runtime: Runtime, script: string, args: string[]): string {
  const file = join(root, "scripts/bench", script);
  const flags = {
    deno: ["run", "-A", "--no-check", "--v8-flags=--expose-gc"],
    bun: [],
  }[runtime as string] ?? ["--expose-gc"];
  return execFileSync(runtimeBinary(runtime), [...flags, file, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function row(...cells: string[]): string {
  const widths = [8, 22, 13, 12, 6];
  return cells.map((cell, index) =>
    index < 2 ? cell.padEnd(widths[index]!) : cell.padStart(widths[index]!)
  ).join(" ");
}

function median(list: number[]): number {
  return list.toSorted((a, b) => a - b)[list.length >> 1]!;
}

await main();
