import assert from "node:assert/strict";
import type { Contract } from "./contract.ts";
import { type ContractRun, contractTest } from "./contract_run.ts";
import { bytesOf, readAll, readText } from "../read_all.ts";
import { SeededRandom } from "../seeded_random.ts";

/** `readable` and `writable`, which end a direction and never close the connection. */
export function streamTests(contract: Contract): void {
  const { unsupported } = contract;
  contractTest(contract, "readable and writable are made once", madeOnce);
  contractTest(contract, "the streams carry bytes both ways", bothWays);
  contractTest(
    contract,
    "the end of readable gives what was left, and reads after it null",
    readableEnds,
  );
  if (!unsupported.has("half-close")) {
    contractTest(contract, "closing writable is closeWrite()", writableCloses);
    contractTest(
      contract,
      "cancelling readable half-way leaves the write side open",
      cancelHalfWay,
    );
  }
  contractTest(contract, "aborting writable is reset()", writableAborts);
  contractTest(contract, "close() fails the streams", closeFailsStreams);
}

async function madeOnce(trial: ContractRun): Promise<void> {
  const { conn } = await trial.connect();
  assert.equal(conn.readable, conn.readable);
  assert.equal(conn.writable, conn.writable);
  assert.ok(conn.readable instanceof ReadableStream);
  assert.ok(conn.writable instanceof WritableStream);
}

async function bothWays(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  const sent = new SeededRandom(6).bytes(3_000_000);
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < sent.byteLength; at += 70_000) {
        controller.enqueue(sent.subarray(at, at + 70_000));
      }
      controller.close();
    },
  });
  const echo = readAll(peer).then(async (bytes) => {
    await peer.write(bytes);
    await peer.closeWrite();
  });
  const back = new Response(conn.readable).arrayBuffer();
  await source.pipeTo(conn.writable);
  await echo;
  assert.deepEqual(new Uint8Array(await back), sent);
}

async function readableEnds(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  await peer.write(bytesOf("the rest"));
  await peer.closeWrite();
  assert.equal(await new Response(conn.readable).text(), "the rest");
  assert.equal(await conn.read(new Uint8Array(8)), null);
}

async function writableCloses(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  const writer = conn.writable.getWriter();
  writer.write(bytesOf("one "));
  writer.write(bytesOf("two"));
  await writer.close();
  assert.equal(await readText(peer), "one two");
  await peer.write(bytesOf("still here"));
  await peer.closeWrite();
  assert.equal(await new Response(conn.readable).text(), "still here");
  await assert.rejects(conn.write(bytesOf("more")), { code: "EPIPE" });
}

async function cancelHalfWay(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  await peer.write(new Uint8Array(100_000));
  const reader = conn.readable.getReader();
  const { value } = await reader.read();
  assert.ok(value !== undefined && value.byteLength > 0);
  await reader.cancel("seen enough");
  assert.equal(await conn.read(new Uint8Array(8)), null);
  await conn.write(bytesOf("stop"));
  await conn.closeWrite();
  assert.equal(await readText(peer), "stop");
}

async function writableAborts(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  await conn.writable.abort("no more");
  // The peer reads an end, or a reset where the dialer can send one.
  assert.equal((await readAll(peer).catch(() => new Uint8Array())).byteLength, 0);
  await assert.rejects(conn.read(new Uint8Array(8)), { code: "ERR_CONN_CLOSED" });
}

async function closeFailsStreams(trial: ContractRun): Promise<void> {
  const { conn } = await trial.connect();
  const reading = conn.readable.getReader().read();
  const writer = conn.writable.getWriter();
  writer.closed.catch(() => {});
  const settled = Promise.allSettled([reading]);
  conn.close();
  const [read] = await settled;
  assert.equal((read as PromiseRejectedResult).reason?.code, "ERR_CONN_CLOSED");
  await assert.rejects(writer.write(bytesOf("late")), { code: "ERR_CONN_CLOSED" });
}
