/**
 * The second part of the demo on each runtime: a libp2p node whose `customTCPDialer` goes through a
 * SOCKS5 proxy dials another node and pings it. Arguments: the multiaddr, then the URL of the
 * proxy.
 */
import { noise, pureJsCrypto } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { identify } from "@libp2p/identify";
import { ping } from "@libp2p/ping";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { dialReportOf, tcp } from "../../src/libp2p/mod.ts";
import { formatReport } from "../../src/observe/mod.ts";
import { proxyDialer } from "../../src/proxy/mod.ts";

const [ma, proxy] = process.argv.slice(2);
console.log(`\n── a libp2p node with customTCPDialer through ${proxy}`);
const node = await createLibp2p({
  transports: [tcp({ customTCPDialer: () => proxyDialer(proxy!) })],
  // Bun's `node:crypto` lacks the cipher that noise would use.
  connectionEncrypters: [noise("Bun" in globalThis ? { crypto: pureJsCrypto } : {})],
  // There may be several copies of uint8arraylist, whose types are the same in all but name.
  streamMuxers: [yamux() as never],
  services: { identify: identify(), ping: ping() },
});
try {
  const connection = await node.dial(multiaddr(ma!));
  const report = dialReportOf(connection);
  if (report === undefined) throw new Error("the connection has no report");
  console.log(formatReport(report));
  console.log(`connected to ${connection.remoteAddr}`);
  console.log(`ping: ${await node.services.ping.ping(multiaddr(ma!))} ms`);
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
await node.stop();
// On Deno a dependency of libp2p holds the process.
process.exit();
