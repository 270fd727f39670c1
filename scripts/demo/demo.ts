/**
 * `npm run demo`: starts a js-libp2p node that listens with @libp2p/tcp, and a SOCKS5 and an HTTP
 * proxy from npm, and dials the node on Node, Deno and Bun: directly and through each proxy, then
 * from a second libp2p node with `customTCPDialer`.
 *
 * Each runtime prints the timelines of its dials, what the peer answers to /multistream/1.0.0, and
 * the time of a ping.
 */
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { identify } from "@libp2p/identify";
import { ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { createLibp2p } from "libp2p";
import { fileURLToPath } from "node:url";
import { root } from "../manifest.ts";
import { startNpmProxies } from "../npm_proxies.ts";
import { killGroupsOnSignal, runProcess } from "../run_process.ts";
import { type Runtime, runtimeBinary, sourceRuntimes } from "../runtimes.ts";

const limitMs = 60_000;

killGroupsOnSignal();
const peer = await createLibp2p({
  addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  // There may be several copies of uint8arraylist, whose types are the same in all but name.
  streamMuxers: [yamux() as never],
  services: { identify: identify(), ping: ping() },
  // Enough for one host that dials often, and leaves before the encryption.
  connectionManager: { inboundConnectionThreshold: 100, maxIncomingPendingConnections: 100 },
});
const [ma] = peer.getMultiaddrs().map(String);
console.log(`A js-libp2p node listens at\n${ma}`);

const proxies = await startNpmProxies();
console.log(`Proxies listen at\n${proxies.urls.join("\n")}`);

const failed: string[] = [];
for (const runtime of sourceRuntimes) {
  console.log(`\n━━ ${runtime} ${"━".repeat(75 - runtime.length)}`);
  for (const script of ["demo_dial.ts", "demo_node.ts"]) {
    const command = runCommand(runtime, fileURLToPath(new URL(script, import.meta.url)));
    const { code } = await runProcess(command, { cwd: root, limitMs, output: "show" });
    if (code !== 0) failed.push(`${script} on ${runtime}`);
  }
}
await peer.stop();
await proxies.close();
console.log(
  failed.length === 0
    ? `\nDialed on ${sourceRuntimes.join(", ")}.`
    : `\nFailed: ${failed.join(", ")}.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

function runCommand(runtime: Runtime, script: string): string[] {
  const run = runtime === "deno" ? ["run", "-A"] : [];
  return [runtimeBinary(runtime), ...run, script, ma!, ...proxies.urls];
}
