/**
 * `npm run bench [-- --rounds 9 --mib 1024 --dials 3000 --runtime bun]`: ours against each runtime's fastest raw way, in one run.
 *
 * The rounds of the two alternate, and what is shown is the ratio of their medians: times of another run, machine or hour are
 * not comparable, the ratio is. The raw way sets the same socket options (no-delay, keep-alive of 15 s, half-open allowed).
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./manifest.ts";
import { type Runtime, runtimeBinary, sourceRuntimes } from "./runtimes.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    mib: { type: "string", default: "1024" },
    dials: { type: "string", default: "3000" },
    runtime: { type: "string", multiple: true, default: [...sourceRuntimes] },
  },
});

/** What the ratio of the medians may be at most, and why some runtime misses it. */
const goals: Record<string, number> = { read: 1.11, write: 1.11, dial: 1.15 };

type Times = Record<string, { raw: number[]; ours: number[] }>;

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "anydial-bench-"));
  try {
    const binary = join(folder, "server");
    const source = join(root, "scripts/bench/server.c");
    execFileSync("cc", ["-O2", "-pthread", "-o", binary, source], { stdio: "inherit" });
    const server = spawn(binary, { stdio: ["pipe", "pipe", "inherit"] });
    const [line] = await once(server.stdout, "data");
    console.log(
      `${values.mib} MiB each way in 64 KiB pieces, ${values.dials} dials, medians of ${values.rounds} rounds, ms`,
    );
    console.log("runtime  what     raw    ours   ratio  goal");
    for (const runtime of values.runtime as Runtime[]) {
      show(runtime, measure(runtime, Number(line)));
    }
    server.stdin.end();
    await once(server, "exit");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function measure(runtime: Runtime, port: number): Times {
  const client = join(root, "scripts/bench/client.ts");
  const bytes = Number(values.mib) * 1024 * 1024;
  const args = [client, port, values.rounds, bytes, values.dials].map(String);
  const run = runtime === "deno" ? ["run", "-A", "--no-check", ...args] : args;
  return JSON.parse(
    execFileSync(runtimeBinary(runtime), run, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
}

function show(runtime: Runtime, times: Times): void {
  for (const [what, { raw, ours }] of Object.entries(times)) {
    const ratio = median(ours) / median(raw);
    const goal = goals[what]!;
    console.log(
      [
        runtime.padEnd(8),
        what.padEnd(6),
        median(raw).toFixed(0).padStart(6),
        median(ours).toFixed(0).padStart(7),
        ratio.toFixed(2).padStart(7),
        `  <= ${goal} ${ratio <= goal ? "met" : "MISSED"}`,
      ].join(" "),
    );
  }
}

function median(list: number[]): number {
  return list.toSorted((a, b) => a - b)[list.length >> 1]!;
}

await main();
