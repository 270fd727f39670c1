/**
 * Measures one runtime: the rounds of ours and of the runtime's fastest raw way alternate, so that whatever else the machine
 * does meets both. Prints the times as JSON. Arguments: port, rounds, bytes, dials.
 */
import { systemDialer } from "../../mod.ts";
import type { Conn } from "../../mod.ts";
import { rawClient } from "./raw_client.ts";

const [port, rounds, bytes, dials] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
];

/** The ways to use a connection that are measured. */
export interface BenchClient {
  /** Receives `bytes` bytes up to the end. */
  read(port: number, bytes: number): Promise<void>;
  /** Sends `bytes` bytes, then waits until the peer has had them all. */
  write(port: number, bytes: number): Promise<void>;
  /** Connects and closes. */
  dial(port: number): Promise<void>;
}

const dialer = systemDialer();
const chunk = new Uint8Array(64 * 1024);
// What each runtime reads fastest into: Deno fills the caller's buffer itself.
const readBuffer = new Uint8Array("Deno" in globalThis ? 256 * 1024 : 64 * 1024);

const ours: BenchClient = {
  async read(port, bytes) {
    const conn = await dialTo(port);
    await conn.write(readRequest(bytes));
    let left = bytes;
    for (let count; (count = await conn.read(readBuffer)) !== null;) left -= count;
    conn.close();
    if (left !== 0) throw new Error(`${left} bytes are missing`);
  },
  async write(port, bytes) {
    const conn = await dialTo(port);
    await conn.write(new Uint8Array([0x57]));
    for (let left = bytes; left > 0; left -= chunk.byteLength) await conn.write(chunk);
    await conn.closeWrite();
    if (await conn.read(readBuffer) !== 1) throw new Error("no answer");
    conn.close();
  },
  async dial(port) {
    (await dialTo(port)).close();
  },
};

function dialTo(port: number): Promise<Conn> {
  return dialer.dialContext("tcp", `127.0.0.1:${port}`);
}

/** What asks the server for `bytes` bytes. */
export function readRequest(bytes: number): Uint8Array {
  const request = new Uint8Array(9);
  request[0] = 0x52;
  new DataView(request.buffer).setBigUint64(1, BigInt(bytes), true);
  return request;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function dialMany(client: BenchClient): Promise<void> {
  for (let i = 0; i < dials; i++) await client.dial(port);
}

if (port > 0) {
  const raw = await rawClient();
  const cases = {
    read: (client: BenchClient) => client.read(port, bytes),
    write: (client: BenchClient) => client.write(port, bytes),
    dial: dialMany,
  };
  const times: Record<string, { raw: number[]; ours: number[] }> = {};
  for (const [name, run] of Object.entries(cases)) {
    const list = times[name] = { raw: [] as number[], ours: [] as number[] };
    // The first round of each warms up.
    for (let round = 0; round <= rounds; round++) {
      const pair = [["raw", raw], ["ours", ours]] as const;
      for (const [who, client] of round % 2 === 0 ? pair : pair.toReversed()) {
        const ms = await timed(() => run(client));
        if (round > 0) list[who].push(ms);
      }
    }
  }
  console.log(JSON.stringify(times));
}
