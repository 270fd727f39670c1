/**
 * Starts a js-libp2p node that listens with @libp2p/tcp, and dials its multiaddr on Node, Deno and Bun: `npm run demo`.
 *
 * Each runtime prints the timeline of its dial, and what the peer answers to /multistream/1.0.0.
 */
import { noise } from "@chainsafe/libp2p-noise";
import { tcp } from "@libp2p/tcp";
import { createLibp2p } from "libp2p";
import { root } from "./manifest.ts";
import { killGroupsOnSignal, runProcess } from "./run_process.ts";
import { type Runtime, runtimeBinary, sourceRuntimes } from "./runtimes.ts";

const limitMs = 30_000;

killGroupsOnSignal();
const peer = await createLibp2p({
  addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
});
const [ma] = peer.getMultiaddrs().map(String);
console.log(`A js-libp2p node listens at\n${ma}`);

const failed: string[] = [];
for (const runtime of sourceRuntimes) {
  console.log(`\n── ${runtime} ${"─".repeat(75 - runtime.length)}`);
  const { code } = await runProcess(dialCommand(runtime), { cwd: root, limitMs, output: "show" });
  if (code !== 0) failed.push(runtime);
}
await peer.stop();
console.log(
  failed.length === 0
    ? `\nDialed on ${sourceRuntimes.join(", ")}.`
    : `\nFailed on ${failed.join(", ")}.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

function dialCommand(runtime: Runtime): string[] {
  const run = runtime === "deno" ? ["run", "-A"] : [];
  return [runtimeBinary(runtime), ...run, "scripts/demo_dial.ts", ma!];
}
