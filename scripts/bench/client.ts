/**
 * Measures one runtime: ours against the runtime's fastest raw way. Prints the times as JSON. Arguments: port, rounds, bytes, dials.
 */
import { systemDialer } from "../../mod.ts";
import type { Conn } from "../../mod.ts";
import { alternate } from "./ratio_table.ts";
import { rawClient } from "./raw_client.ts";
import { readRequest } from "./read_request.ts";

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

async function dialMany(client: BenchClient): Promise<void> {
  for (let i = 0; i < dials; i++) await client.dial(port);
}

const raw = await rawClient();
const both = (run: (client: BenchClient) => Promise<void>) => ({
  theirs: () => run(raw),
  ours: () => run(ours),
});
const cases = {
  read: both((client) => client.read(port, bytes)),
  write: both((client) => client.write(port, bytes)),
  dial: both(dialMany),
};
console.log(JSON.stringify(await alternate(cases, rounds)));
