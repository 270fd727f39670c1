/**
 * Dials with two nodes of this transport, one that dials directly and one through proxies, until
 * the time is over, and prints as JSON what the process held meanwhile. Arguments: seconds, the
 * multiaddr of a node, that of a server that speaks no libp2p, the proxies.
 */
import { readdirSync } from "node:fs";
import type { Connection } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { systemDialer } from "../../../mod.ts";
import { proxyDialer } from "../../../src/proxy/mod.ts";
import { bulkProtocol, exchangeBulk } from "../../../tests/libp2p/nodes/bulk_protocol.ts";
import { makeNode } from "../../../tests/libp2p/nodes/make_node.ts";
import { collectGarbage } from "../../collect_garbage.ts";

/** What a process held at one moment, after its garbage was collected. */
export interface Held {
  readonly descriptors: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly residentBytes: number;
}

/** What a soak came to. */
export interface SoakResult {
  /** How many of each kind there were. */
  readonly cycles: Record<string, number>;
  /** How often what should have gone well failed, and how. */
  readonly failures: Record<string, number>;
  /** Exceptions and rejections that nobody caught. */
  readonly uncaught: string[];
  /** In order of time. */
  readonly looks: Held[];
}

const [seconds, good, hostile, ...proxies] = process.argv.slice(2);
const limitMs = Number(seconds) * 1_000;
const goodMa = multiaddr(good);
const hostileMa = multiaddr(hostile);
/** Looked at this often. */
const looks = 40;

const ways = [systemDialer(), ...proxies.map((url) => proxyDialer(url))];
const oneOf = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;
const nodes = [
  await makeNode(),
  await makeNode({ tcp: { customTCPDialer: () => oneOf(ways) } }),
];

/** One dial, and something of what a node does with its connection. */
const cycles: Record<string, (node: typeof nodes[0]) => Promise<void>> = {
  async close(node) {
    await (await dial(node)).close();
  },
  async abort(node) {
    (await dial(node)).abort(new Error("enough"));
  },
  async ping(node) {
    const connection = await dial(node);
    await node.services.ping.ping(connection.remotePeer);
    await connection.close();
  },
  async bulk(node) {
    const connection = await dial(node);
    await exchangeBulk(await connection.newStream(bulkProtocol), 512 * 1024);
    await connection.close();
  },
  async "abort in the midst"(node) {
    const connection = await dial(node);
    const moved = exchangeBulk(await connection.newStream(bulkProtocol), 4 * 1024 * 1024);
    const settled = moved.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    connection.abort(new Error("enough"));
    await settled;
  },
  async "give up"(node) {
    await failing(node.dial(goodMa, { signal: soon() }));
  },
  async hostile(node) {
    await failing(node.dial(hostileMa, { signal: soon() }));
  },
};

function dial(node: typeof nodes[0]): Promise<Connection> {
  return node.dial(goodMa, { signal: AbortSignal.timeout(20_000) });
}

function soon(): AbortSignal {
  return AbortSignal.timeout(Math.ceil(Math.random() * 15));
}

/** One that may come to something has to be closed. */
async function failing(dialing: Promise<Connection>): Promise<void> {
  const connection = await dialing.catch(() => undefined);
  connection?.abort(new Error("enough"));
}

async function held(): Promise<Held> {
  // What is closed lingers for half a second.
  await collectGarbage(200);
  const { heapUsed, external, rss } = process.memoryUsage();
  const descriptors = readdirSync("/proc/self/fd").length;
  return { descriptors, heapBytes: heapUsed, externalBytes: external, residentBytes: rss };
}

const result: SoakResult = { cycles: {}, failures: {}, uncaught: [], looks: [] };
process.on("uncaughtException", (error) => result.uncaught.push(String(error?.stack ?? error)));
process.on("unhandledRejection", (error) => result.uncaught.push(String(error)));
const start = performance.now();
while (performance.now() - start < limitMs) {
  const [name, run] = oneOf(Object.entries(cycles));
  const node = oneOf(nodes);
  result.cycles[name] = (result.cycles[name] ?? 0) + 1;
  try {
    await run(node);
  } catch (error) {
    const failure = `${name}: ${error}`;
    result.failures[failure] = (result.failures[failure] ?? 0) + 1;
    for (const connection of node.getConnections()) connection.abort(new Error("enough"));
  }
  if ((performance.now() - start) / limitMs * looks >= result.looks.length) {
    result.looks.push(await held());
  }
}
console.log(JSON.stringify(result));
// On Deno a stopped node keeps the process alive.
process.exit(0);
