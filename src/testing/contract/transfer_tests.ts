import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Contract } from "./contract.ts";
import { type ContractRun, contractTest } from "./contract_run.ts";
import type { PeerConn } from "../../../adapters/loopback/peers.ts";
import { bytesOf, readAll, readEach, readExactly, readText } from "../read_all.ts";
import { SeededRandom } from "../seeded_random.ts";
import { turn } from "../waiting.ts";

const mebibyte = 1024 * 1024;

/** Written data arrives completely, once and in order. */
export function transferTests(contract: Contract): void {
  contractTest(contract, "64 MiB go each way at once and arrive whole", bothWays);
  contractTest(contract, "a peer that speaks and closes at once loses nothing", earlyData);
  contractTest(contract, "what a peer said before it closed can be read long after", lateReader);
  contractTest(contract, "many small writes arrive in order", smallWrites);
  contractTest(contract, "concurrent writes never interleave", concurrentWrites);
  contractTest(contract, "a peer that reads slowly gets everything", slowPeer);
  contractTest(contract, "close() after an awaited write loses nothing", writeThenClose);
  contractTest(
    contract,
    "a write resolves with its length, and its buffer may be reused",
    reusedBuffer,
  );
  contractTest(contract, "concurrent reads are served in order", concurrentReads);
  contractTest(contract, "read() into an empty buffer gives 0 and takes nothing", emptyRead);
}

async function bothWays(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  const [there, back] = await Promise.all([
    digestOf(peer),
    digestOf(conn),
    send64MiB(conn, 1),
    send64MiB(peer, 2),
  ]);
  assert.deepEqual(there, await digestOf(source64MiB(1)));
  assert.deepEqual(back, await digestOf(source64MiB(2)));
  // Closed only after both transfers, since with some dialers the end of one side ends both.
  await conn.closeWrite();
  assert.equal(await peer.read(new Uint8Array(8)), null);
}

async function send64MiB(to: Pick<PeerConn, "write">, seed: number): Promise<void> {
  for (const block of blocks(seed)) await to.write(block);
}

/** The writing side of either end. */
type WriteEnd = Pick<PeerConn, "write" | "closeWrite">;

/** 64 blocks of 1 MiB, each with its index in its first bytes. */
function* blocks(seed: number): Generator<Uint8Array> {
  const block = new SeededRandom(seed).bytes(mebibyte);
  for (let index = 0; index < 64; index++) {
    new DataView(block.buffer).setUint32(0, index);
    yield block;
  }
}

function source64MiB(seed: number): Pick<PeerConn, "read"> {
  const source = blocks(seed);
  return {
    read(buffer) {
      const { value, done } = source.next();
      if (done) return Promise.resolve(null);
      buffer.set(value);
      return Promise.resolve(value.byteLength);
    },
  };
}

/** The digest of the next 64 MiB, or of the data up to an early end. */
async function digestOf(
  from: Pick<PeerConn, "read">,
): Promise<{ length: number; sha256: string }> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(mebibyte);
  let length = 0;
  while (length < 64 * mebibyte) {
    const count = await from.read(buffer);
    if (count === null) break;
    length += count;
    hash.update(buffer.subarray(0, count));
  }
  return { length, sha256: hash.digest("hex") };
}

async function earlyData(trial: ContractRun): Promise<void> {
  const listener = await trial.listen();
  for (let round = 0; round < 50; round++) {
    const greeting = `hello ${round}`;
    const greeted = listener.accept().then(async (peer) => {
      await peer.write(bytesOf(greeting));
      peer.close();
    });
    const conn = await trial.dial(listener.address);
    assert.equal(await readText(conn), greeting);
    conn.close();
    await greeted;
  }
}

async function lateReader(trial: ContractRun): Promise<void> {
  const listener = await trial.listen();
  const greeting = new SeededRandom(1).bytes(100_000);
  const conns = await Promise.all(Array.from({ length: 20 }, async () => {
    const dialed = trial.dial(listener.address);
    const peer = await listener.accept();
    await peer.write(greeting);
    peer.close();
    return await dialed;
  }));
  // The peers have closed: another complete exchange has taken place since.
  const { conn, peer } = await trial.connect(listener);
  await peer.write(bytesOf("done"));
  await readExactly(conn, 4);
  for (const conn of conns) assert.deepEqual(await readAll(conn), greeting);
}

async function smallWrites(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  const random = new SeededRandom(3);
  const sent = random.bytes(40_000);
  const received = readAll(peer);
  const writes: Promise<number>[] = [];
  for (let at = 0, index = 0; at < sent.byteLength; index++) {
    const length = 1 + random.below(16);
    const write = conn.write(sent.subarray(at, at + length));
    // Some writes are awaited and others are not.
    if (index % 3 === 0) await write;
    else writes.push(write);
    at += length;
  }
  await Promise.all(writes);
  await conn.closeWrite();
  assert.deepEqual(await received, sent);
}

async function concurrentWrites(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  const writes = Array.from({ length: 16 }, (_, index) => {
    // More than the system accepts in one call, so that each write is sent in parts.
    return conn.write(new Uint8Array(mebibyte + index).fill(index));
  });
  const ended = Promise.all(writes).then(() => conn.closeWrite());
  const runs: { byte: number; length: number }[] = [];
  await readEach(peer, (chunk) => {
    for (let at = 0; at < chunk.byteLength;) {
      const byte = chunk[at]!;
      let end = at;
      while (end < chunk.byteLength && chunk[end] === byte) end++;
      const run = runs[runs.length - 1];
      if (run?.byte === byte) run.length += end - at;
      else runs.push({ byte, length: end - at });
      at = end;
    }
  });
  await ended;
  const expected = writes.map((_, index) => ({ byte: index, length: mebibyte + index }));
  assert.deepEqual(runs, expected);
}

async function slowPeer(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  const sent = new SeededRandom(4).bytes(2 * mebibyte);
  const written = conn.write(sent).then(() => conn.closeWrite());
  const received = createHash("sha256");
  const buffer = new Uint8Array(16 * 1024);
  for (let count; (count = await peer.read(buffer)) !== null;) {
    received.update(buffer.subarray(0, count));
    await turn();
  }
  await written;
  assert.equal(received.digest("hex"), createHash("sha256").update(sent).digest("hex"));
}

async function writeThenClose(trial: ContractRun): Promise<void> {
  const listener = await trial.listen();
  const random = new SeededRandom(5);
  const sent = random.bytes(mebibyte);
  for (let round = 0; round < 30; round++) {
    const length = 1 + random.below(mebibyte);
    const { conn, peer } = await trial.connect(listener);
    const received = readAll(peer);
    await conn.write(sent.subarray(0, length));
    conn.close();
    assert.equal((await received).byteLength, length);
  }
}

async function reusedBuffer(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  const received = readAll(peer);
  const buffer = new Uint8Array(256 * 1024);
  for (let byte = 1; byte <= 20; byte++) {
    buffer.fill(byte);
    assert.equal(await conn.write(buffer), buffer.byteLength);
  }
  buffer.fill(0);
  assert.equal(await conn.write(new Uint8Array(0)), 0);
  await conn.closeWrite();
  const all = await received;
  for (let byte = 1; byte <= 20; byte++) {
    const part = all.subarray((byte - 1) * buffer.byteLength, byte * buffer.byteLength);
    assert.ok(part.byteLength === buffer.byteLength && part.every((value) => value === byte));
  }
}

async function concurrentReads(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  const reads = Array.from({ length: 12 }, async () => {
    const buffer = new Uint8Array(3);
    const count = await conn.read(buffer);
    return count === null ? "end" : new TextDecoder().decode(buffer.subarray(0, count));
  });
  await peer.write(bytesOf("abcdefgh"));
  await peer.write(bytesOf("ijklmnop"));
  await peer.closeWrite();
  const got = await Promise.all(reads);
  const end = got.indexOf("end");
  assert.ok(end > 0 && got.slice(end).every((text) => text === "end"), `${got}`);
  assert.equal(got.slice(0, end).join(""), "abcdefghijklmnop");
}

async function emptyRead(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  assert.equal(await conn.read(new Uint8Array(0)), 0);
  await peer.write(bytesOf("all"));
  const first = await readExactly(conn, 1);
  assert.equal(await conn.read(new Uint8Array(0)), 0);
  assert.equal(new TextDecoder().decode(first), "a");
  await peer.closeWrite();
  assert.equal(await readText(conn), "ll");
  assert.equal(await conn.read(new Uint8Array(8)), null);
}
