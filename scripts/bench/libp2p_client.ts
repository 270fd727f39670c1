/**
 * Measures libp2p's connections on one runtime, of this transport and of `@libp2p/tcp`. Prints the times as JSON, those of dials
 * in microseconds. Arguments: port, rounds, bytes, dials, the multiaddr of a node.
 */
import { multiaddr } from "@multiformats/multiaddr";
import { Uint8ArrayList } from "uint8arraylist";
import type { MultiaddrConnection } from "../../src/libp2p/mod.ts";
import { bulkProtocol, exchangeBulk } from "../../tests/libp2p/bulk_protocol.ts";
import { makeNode } from "../../tests/libp2p/make_node.ts";
import { dialWith, serverAddr, type Who } from "./libp2p_transports.ts";
import { alternate, type CaseTable } from "./ratio_table.ts";
import { exchangeRequest, readRequest, sendRequest } from "./read_request.ts";

const [port, rounds, bytes, dials] = process.argv.slice(2, 6).map(Number) as [
  number,
  number,
  number,
  number,
];
const nodeAddr = multiaddr(process.argv[6]);
const ma = serverAddr(port);

/** Noise makes a whole node's stream slow, so less goes over it. */
const streamBytes = 32 * 1024 * 1024;

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

/** A round is a single dial, which takes so little that whatever else happens in a second would be most of a difference. */
async function measureDials(): Promise<CaseTable> {
  const nodes = {
    theirs: await makeNode({ transport: "theirs" }),
    ours: await makeNode({ transport: "ours" }),
  };
  // Identify runs on in the background.
  const sixMs = () => new Promise<void>((resolve) => setTimeout(resolve, 6));
  const nodesDial = both((who) => timeDial(() => nodes[who].dial(nodeAddr), sixMs));
  const bareDial = both((who) => timeDial(() => dialWith(who, ma), threeTurns));
  const ofNodes = await alternate({ "node's dial": nodesDial }, dials / 20);
  await nodes.theirs.stop();
  await nodes.ours.stop();
  return { ...ofNodes, ...await alternate({ "bare dial": bareDial }, dials) };
}

async function receive(who: Who): Promise<number> {
  const connection = await dialWith(who, ma);
  const start = performance.now();
  const received = receives(connection, bytes);
  connection.send(readRequest(bytes));
  await received;
  const ms = performance.now() - start;
  connection.abort(new Error("enough"));
  return ms;
}

async function send(who: Who, piece: () => Uint8Array | Uint8ArrayList): Promise<number> {
  const connection = await dialWith(who, ma);
  const start = performance.now();
  const answered = receives(connection, 1);
  connection.send(sendRequest(bytes));
  await sendAll(connection, piece);
  await answered;
  const ms = performance.now() - start;
  connection.abort(new Error("enough"));
  return ms;
}

/** Receives while it sends what libp2p sends. */
async function exchange(who: Who): Promise<number> {
  const connection = await dialWith(who, ma);
  const start = performance.now();
  const received = receives(connection, bytes + 1);
  connection.send(exchangeRequest(bytes));
  await sendAll(connection, frame(64 * 1024 - 30));
  await received;
  const ms = performance.now() - start;
  connection.abort(new Error("enough"));
  return ms;
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
  piece: () => Uint8Array | Uint8ArrayList,
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

const plain = new Uint8Array(64 * 1024);

/** What yamux and noise make of a message: its length, the encrypted header, the message, and a tag. */
function frame(messageBytes: number): () => Uint8ArrayList {
  const parts = [2, 12, messageBytes, 16].map((length) => new Uint8Array(length));
  return () => new Uint8ArrayList(...parts);
}

/** Both ways, between whole nodes. */
async function stream(who: Who): Promise<number> {
  const node = await makeNode({ transport: who });
  const connection = await node.dial(nodeAddr);
  const opened = await connection.newStream(bulkProtocol);
  const start = performance.now();
  await exchangeBulk(opened, streamBytes);
  const ms = performance.now() - start;
  await node.stop();
  return ms;
}

const both = (run: (who: Who) => Promise<number>) => ({
  theirs: () => run("theirs"),
  ours: () => run("ours"),
});
const cases = {
  "both ways": both(exchange),
  "receive": both(receive),
  "send 64 KiB": both((who) => send(who, () => plain)),
  "send frames": both((who) => send(who, frame(64 * 1024 - 30))),
  "send small": both((who) => send(who, frame(4 * 1024))),
  "node's stream": both(stream),
};
console.log(JSON.stringify({
  ...await measureDials(),
  ...await alternate(cases, rounds),
}));
// On Deno a stopped node keeps the process alive.
process.exit(0);
