/**
 * Measures libp2p's connections on one runtime: the rounds of this transport and of `@libp2p/tcp` alternate, so that whatever else the
 * machine does meets both. Prints the times as JSON. Arguments: port, rounds, bytes, dials, the multiaddr of a node.
 */
import { multiaddr } from "@multiformats/multiaddr";
import { tcp as theirs } from "@libp2p/tcp";
import { Uint8ArrayList } from "uint8arraylist";
import { type MultiaddrConnection, tcp, type TcpTransport } from "../../src/libp2p/mod.ts";
import { bulkProtocol, exchangeBulk } from "../../tests/libp2p/bulk_protocol.ts";
import { makeNode } from "../../tests/libp2p/make_node.ts";

const [port, rounds, bytes, dials] = process.argv.slice(2, 6).map(Number) as number[];
const nodeMa = process.argv[6]!;
const ma = multiaddr(`/ip4/127.0.0.1/tcp/${port}`);

/** The other side of a whole node's stream is busier than this one, so less goes over it. */
const streamBytes = 32 * 1024 * 1024;

const noLog = Object.assign(() => {}, {
  error() {},
  trace() {},
  enabled: false,
  newScope: () => noLog,
});
const components = { logger: { forComponent: () => noLog } } as never;
const upgrader = {
  upgradeOutbound: (connection: MultiaddrConnection) => Promise.resolve(connection),
};
const transports = { theirs: theirs()(components) as TcpTransport, ours: tcp()(components) };

type Who = keyof typeof transports;

async function dial(who: Who): Promise<MultiaddrConnection> {
  const signal = new AbortController().signal;
  const dialed = transports[who].dial(ma, { signal, upgrader } as never);
  return await dialed as unknown as MultiaddrConnection;
}

/** Only until it is connected: what a close costs is something else. */
async function dialMany(who: Who): Promise<number> {
  let ms = 0;
  for (let index = 0; index < dials!; index++) {
    const start = performance.now();
    const connection = await dial(who);
    ms += performance.now() - start;
    connection.abort(new Error("enough"));
  }
  return ms;
}

async function receive(who: Who): Promise<number> {
  const connection = await dial(who);
  const start = performance.now();
  let left = bytes!;
  const received = new Promise<void>((resolve) => {
    connection.addEventListener("message", ({ data }) => {
      left -= data.byteLength;
      if (left <= 0) resolve();
    });
  });
  connection.send(request("R"));
  await received;
  const ms = performance.now() - start;
  connection.abort(new Error("enough"));
  return ms;
}

async function send(who: Who, piece: () => Uint8Array | Uint8ArrayList): Promise<number> {
  const connection = await dial(who);
  const start = performance.now();
  const answered = new Promise((resolve) => connection.addEventListener("message", resolve));
  connection.send(request("S"));
  for (let left = bytes!; left > 0;) {
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
  await answered;
  const ms = performance.now() - start;
  connection.abort(new Error("enough"));
  return ms;
}

function request(kind: string): Uint8Array {
  const data = new Uint8Array(9);
  data[0] = kind.charCodeAt(0);
  new DataView(data.buffer).setBigUint64(1, BigInt(bytes!), true);
  return data;
}

const plain = new Uint8Array(64 * 1024);

/** What yamux and noise make of a message: its length, the encrypted header, the message, and a tag. */
function frame(messageBytes: number): () => Uint8ArrayList {
  const parts = [2, 12, messageBytes, 16].map((length) => new Uint8Array(length));
  return () => new Uint8ArrayList(...parts);
}

async function stream(who: Who): Promise<number> {
  const node = await makeNode({ transport: who });
  const connection = await node.dial(multiaddr(nodeMa));
  const opened = await connection.newStream(bulkProtocol);
  const start = performance.now();
  await exchangeBulk(opened, streamBytes);
  const ms = performance.now() - start;
  await node.stop();
  return ms;
}

const cases: Record<string, { bytes?: number; run: (who: Who) => Promise<number> }> = {
  "dial": { run: dialMany },
  "receive": { bytes, run: receive },
  "send 64 KiB": { bytes, run: (who) => send(who, () => plain) },
  "send frames of 64 KiB": { bytes, run: (who) => send(who, frame(64 * 1024 - 30)) },
  "send frames of 4 KiB": { bytes, run: (who) => send(who, frame(4 * 1024)) },
  "node's stream": { bytes: 2 * streamBytes, run: stream },
};

const results: Record<string, { bytes?: number; theirs: number[]; ours: number[] }> = {};
for (const [name, { bytes, run }] of Object.entries(cases)) {
  const result = results[name] = { ...(bytes && { bytes }), theirs: [], ours: [] } as
    & { bytes?: number }
    & Record<Who, number[]>;
  // The first round of each warms up.
  for (let round = 0; round <= rounds!; round++) {
    const pair: Who[] = round % 2 === 0 ? ["theirs", "ours"] : ["ours", "theirs"];
    for (const who of pair) {
      const ms = await run(who);
      if (round > 0) result[who].push(ms);
    }
  }
}
console.log(JSON.stringify(results));
process.exit(0);
