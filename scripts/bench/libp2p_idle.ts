/**
 * Measures what idle connections cost: dials many with one transport, and prints the bytes of memory that each takes. Arguments:
 * port, connections, whose transport.
 */
import { multiaddr } from "@multiformats/multiaddr";
import { tcp as theirs } from "@libp2p/tcp";
import { tcp } from "../../src/libp2p/mod.ts";

const [port, count] = process.argv.slice(2, 4).map(Number) as [number, number];
const make = process.argv[4] === "ours" ? tcp() : theirs();
const noLog = Object.assign(() => {}, {
  error() {},
  trace() {},
  enabled: false,
  newScope: () => noLog,
});
const transport = make({ logger: { forComponent: () => noLog } } as never);
const upgrader = { upgradeOutbound: (connection: unknown) => Promise.resolve(connection) };
const ma = multiaddr(`/ip4/127.0.0.1/tcp/${port}`);
const connections: unknown[] = [];

async function dial(times: number): Promise<void> {
  const signal = new AbortController().signal;
  for (let index = 0; index < times; index++) {
    connections.push(await transport.dial(ma, { signal, upgrader } as never));
  }
}

async function memory(): Promise<number> {
  for (let round = 0; round < 5; round++) {
    (globalThis as { gc?: () => void }).gc?.();
    (globalThis as { Bun?: { gc(force: boolean): void } }).Bun?.gc(true);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage().rss;
}

// What the first ones cost is the code's, not the connections'.
await dial(100);
const before = await memory();
await dial(count);
console.log(Math.round((await memory() - before) / count));
process.exit(0);
