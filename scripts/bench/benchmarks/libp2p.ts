import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { Uint8ArrayList } from "uint8arraylist";
import type { MultiaddrConnection } from "../../../src/libp2p/mod.ts";
import { bulkProtocol, exchangeBulk } from "../../../tests/libp2p/nodes/bulk_protocol.ts";
import { makeNode } from "../../../tests/libp2p/nodes/make_node.ts";
import { startNode } from "../../../tests/libp2p/nodes/node_process.ts";
import { collectGarbage } from "../../collect_garbage.ts";
import type { Runtime } from "../../runtimes.ts";
import type { Benchmark, Case, Setting, Who } from "../benchmark.ts";
import { dialWith, serverAddr } from "../libp2p_transports.ts";
import { exchangeRequest, readRequest, sendRequest } from "../server_requests.ts";

/** Noise makes a whole node's stream slow, so less goes over it. */
const streamBytes = 32 * 1024 * 1024;

/** What yamux and noise make of 64 KiB at most: with what they add it is that long. */
const fullFrame = frame(64 * 1024 - 30);

/** One process is faster than another by how its memory happens to lie. */
const processes = (options: Benchmark["options"]) => options["processes"]!;

/**
 * This transport against `@libp2p/tcp`; the other end of whole nodes is a node on the same runtime.
 */
export const benchmark: Benchmark = {
  options: { processes: 3, rounds: 3, mib: 512, dials: 3000, idle: 3000 },
  heading: ({ processes, rounds, mib, dials, idle }) => [
    `medians of ${processes} processes; in each, of ${dials! / 20} dials of a node`,
    `and ${dials} without an upgrade in µs; ${rounds} rounds in ms, of ${mib} MiB each way over`,
    `a connection, 64 MiB over a node's stream; bytes of ${idle} idle connections, and of 100`,
    "that received 256 KiB and then nothing for 2.5 s, external and resident",
  ],
  goal,
  async startPeers(runtime) {
    const node = await startNode(runtime, "theirs");
    return { addresses: [node.ma], stop: () => node.stop() };
  },
  groups: {
    nodes: { processes, cases: nodeDials },
    dials: { processes, cases: bareDials },
    bytes: { processes, cases: byteCases },
    // Memory that was in use before is used again, hence apart.
    idle: { processes: () => 7, apart: true, cases: idleCases },
    silent: { processes: () => 3, apart: true, cases: silentCases },
  },
};

/** Measured against itself, `@libp2p/tcp` comes out between 0.88 and 1.11. */
const equal = 1.1;

/**
 * On Node bytes go 1.2 times as fast. Not where a connection does nothing but receive: most of the
 * time goes into memory that nobody had before, which is the garbage of both. No goal is set for a
 * dial without an upgrade, which on the loopback takes so little that it shows every call to the
 * system: ours also sets a time limit and the keep-alive's idle time, and asks for the local
 * address.
 */
function goal(runtime: Runtime, what: string): number | undefined {
  if (what === "bare dial") return undefined;
  return runtime === "node" && /^(both|send)/.test(what) ? 0.83 : equal;
}

/**
 * A round is a single dial, which takes so little that whatever else happens in a second would be
 * most of a difference.
 */
async function nodeDials({ peers, options }: Setting): Promise<Record<string, Case>> {
  const ma = multiaddr(peers[0]);
  const nodes = {
    theirs: await makeNode({ transport: "theirs" }),
    ours: await makeNode({ transport: "ours" }),
  };
  // Identify runs on in the background.
  const sixMs = () => new Promise<void>((resolve) => setTimeout(resolve, 6));
  const pair = both((who) => timeDial(() => nodes[who].dial(ma), sixMs));
  return { "node's dial": { ...pair, rounds: options["dials"]! / 20 } };
}

function bareDials({ port, options }: Setting): Record<string, Case> {
  const ma = serverAddr(port);
  const pair = both((who) => timeDial(() => dialWith(who, ma), threeTurns));
  return { "bare dial": { ...pair, rounds: options["dials"]! } };
}

/** The microseconds of a dial, until it is connected: what a close costs is something else. */
async function timeDial(
  dial: () => Promise<{ abort(error: Error): void }>,
  settle: () => Promise<void>,
): Promise<number> {
  const start = performance.now();
  const connection = await dial();
  const us = Math.round((performance.now() - start) * 1_000);
  await settle();
  connection.abort(new Error("enough"));
  // What becomes of it is not the next dial's, either.
  await settle();
  return us;
}

async function threeTurns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function byteCases({ port, peers, options }: Setting): Record<string, Case> {
  const ma = serverAddr(port);
  const nodeAddr = multiaddr(peers[0]);
  const bytes = options["mib"]! * 1024 * 1024;
  /** Sends a request, then pieces, where there are any, and waits for `answer` bytes. */
  const talk = (request: Uint8Array, answer: number, piece?: Piece) =>
    both(async (who) => {
      const connection = await dialWith(who, ma);
      const start = performance.now();
      const received = receives(connection, answer);
      connection.send(request);
      if (piece !== undefined) await sendAll(connection, bytes, piece);
      await received;
      const ms = performance.now() - start;
      connection.abort(new Error("enough"));
      return ms;
    });
  const plain = new Uint8Array(64 * 1024);
  return {
    "both ways": talk(exchangeRequest(bytes), bytes + 1, fullFrame),
    "receive": talk(readRequest(bytes), bytes),
    "send 64 KiB": talk(sendRequest(bytes), 1, () => plain),
    "send frames": talk(sendRequest(bytes), 1, fullFrame),
    "send small": talk(sendRequest(bytes), 1, frame(4 * 1024)),
    "node's stream": both((who) => exchangeBetweenNodes(who, nodeAddr)),
  };
}

type Piece = () => Uint8Array | Uint8ArrayList;

/**
 * What yamux and noise make of a message: its length, the encrypted header, the message, and a tag.
 */
function frame(messageBytes: number): Piece {
  const parts = [2, 12, messageBytes, 16].map((length) => new Uint8Array(length));
  return () => new Uint8ArrayList(...parts);
}

function receives(connection: MultiaddrConnection, count: number): Promise<void> {
  let left = count;
  return new Promise<void>((resolve) => {
    connection.addEventListener("message", ({ data }) => {
      left -= data.byteLength;
      if (left <= 0) resolve();
    });
  });
}

async function sendAll(
  connection: MultiaddrConnection,
  bytes: number,
  piece: Piece,
): Promise<void> {
  for (let left = bytes; left > 0;) {
    const data = piece();
    left -= data.byteLength;
    const rest = left < 0 ? data.subarray(0, data.byteLength + left) : data;
    // There may be several copies of uint8arraylist, whose types are the same in all but name.
    if (!connection.send(rest as Uint8Array)) {
      await new Promise<void>((resolve) =>
        connection.addEventListener("drain", () => resolve(), { once: true })
      );
    }
  }
}

/** Both ways, between whole nodes. */
async function exchangeBetweenNodes(who: Who, ma: Multiaddr): Promise<number> {
  const node = await makeNode({ transport: who });
  const connection = await node.dial(ma);
  const opened = await connection.newStream(bulkProtocol);
  const start = performance.now();
  await exchangeBulk(opened, streamBytes);
  const ms = performance.now() - start;
  await node.stop();
  return ms;
}

function idleCases({ port, options }: Setting): Record<string, Case> {
  return { idle: both((who) => idleBytes(who, serverAddr(port), options["idle"]!)) };
}

/** The bytes of memory that an idle connection takes. */
async function idleBytes(who: Who, ma: Multiaddr, count: number): Promise<number> {
  const connections: unknown[] = [];
  const dial = async () => {
    for (let index = 0; index < count; index++) connections.push(await dialWith(who, ma));
  };
  const residentBytes = async () => {
    await collectGarbage(50);
    return process.memoryUsage().rss;
  };
  // What the first ones cost is the code's and the growing heap's, not the connections'.
  await dial();
  const before = await residentBytes();
  await dial();
  return (await residentBytes() - before) / count;
}

function silentCases({ port }: Setting): Record<string, Case> {
  const measured = new Map<Who, Promise<{ external: number; rss: number }>>();
  const once = (who: Who) => {
    const bytes = measured.get(who) ?? silentBytes(who, serverAddr(port));
    measured.set(who, bytes);
    return bytes;
  };
  return {
    "silent, external": both(async (who) => (await once(who)).external),
    "silent, resident": both(async (who) => (await once(who)).rss),
  };
}

/** The bytes of memory that a connection takes which was busy once. */
async function silentBytes(who: Who, ma: Multiaddr): Promise<{ external: number; rss: number }> {
  const count = 100;
  const each = 256 * 1024;
  const bytes = async () => {
    await collectGarbage(50);
    const { arrayBuffers, external, rss } = process.memoryUsage();
    // Deno counts them apart, Node and Bun as part of it.
    return { external: Math.max(external, arrayBuffers), rss };
  };
  const connections: MultiaddrConnection[] = [];
  const receive = async () => {
    const connection = await dialWith(who, ma);
    connections.push(connection);
    const received = receives(connection, each);
    // The server waits for as much to come back, and leaves the connection open.
    connection.send(exchangeRequest(each));
    await received;
  };
  await receive();
  const before = await bytes();
  for (let index = 0; index < count; index++) await receive();
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  const after = await bytes();
  return {
    external: (after.external - before.external) / count,
    rss: (after.rss - before.rss) / count,
  };
}

function both(run: (who: Who) => Promise<number>): Case {
  return { theirs: () => run("theirs"), ours: () => run("ours") };
}
