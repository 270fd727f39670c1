/**
 * Measures what idle connections of one transport cost. Prints the bytes of memory that each takes as JSON. Arguments: port,
 * connections, whose transport.
 */
import { collectGarbage } from "../collect_garbage.ts";
import { dialWith, serverAddr, type Who } from "./libp2p_transports.ts";

const [port, count] = process.argv.slice(2, 4).map(Number) as [number, number];
const who = process.argv[4] as Who;
const ma = serverAddr(port);
const connections: unknown[] = [];

async function dial(): Promise<void> {
  for (let index = 0; index < count; index++) connections.push(await dialWith(who, ma));
}

async function residentBytes(): Promise<number> {
  await collectGarbage(50);
  return process.memoryUsage().rss;
}

// What the first ones cost is the code's and the growing heap's, not the connections'.
await dial();
const before = await residentBytes();
await dial();
console.log(JSON.stringify({ idle: { [who]: [(await residentBytes() - before) / count] } }));
process.exit(0);
