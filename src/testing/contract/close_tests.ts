import assert from "node:assert/strict";
import type { Conn } from "../../core/conn.ts";
import type { Contract } from "./contract.ts";
import { type ContractRun, contractTest } from "./contract_run.ts";
import { bytesOf, readAll, readExactly, readText } from "../read_all.ts";
import { delay } from "../waiting.ts";

/** The ends of a connection: of one side, of both sides, and failures. */
export function closeTests(contract: Contract): void {
  const { unsupported } = contract;
  if (!unsupported.has("half-close")) {
    contractTest(contract, "closeWrite() leaves the answer to come", closeWriteFirst);
    contractTest(contract, "after the peer's end it can still be written to", peerEndsFirst);
    contractTest(contract, "closed resolves when both sides have ended, not before", bothEnd);
  }
  contractTest(contract, "a write after closeWrite() is EPIPE", writeAfterCloseWrite);
  contractTest(
    contract,
    "close() rejects a pending read and write with ERR_CONN_CLOSED",
    closeWhilePending,
  );
  contractTest(contract, "calls after close() reject with ERR_CONN_CLOSED", callsAfterClose);
  contractTest(contract, "close() and reset() are idempotent and never throw", idempotent);
  contractTest(contract, "close() after the peer's end never throws", closeAfterPeer);
  contractTest(contract, "both disposers close", disposers);
  contractTest(contract, "closed resolves after close() and reset(), not before", closedHere);
  if (!unsupported.has("reset")) {
    contractTest(contract, "reset() reaches the peer as a reset", resetByUs);
  }
  if (!unsupported.has("peer-reset")) {
    contractTest(contract, "a peer's reset fails reads and writes with its code", resetByPeer);
    contractTest(contract, "closed resolves once a reset was read or written", closedByReset);
  }
}

async function closeWriteFirst(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  const question = readText(peer);
  await conn.write(bytesOf("what?"));
  await conn.closeWrite();
  await conn.closeWrite();
  assert.equal(await question, "what?");
  for (const word of ["so", " that", " it is"]) await peer.write(bytesOf(word));
  const answer = readText(conn);
  await peer.closeWrite();
  assert.equal(await answer, "so that it is");
}

async function peerEndsFirst(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  await peer.write(bytesOf("that is all"));
  await peer.closeWrite();
  assert.equal(await readText(conn), "that is all");
  assert.equal(await conn.read(new Uint8Array(8)), null);
  const received = readAll(peer);
  const sent = new Uint8Array(1024 * 1024).fill(9);
  await conn.write(sent);
  await conn.closeWrite();
  assert.deepEqual(await received, sent);
  // The connection has ended, but the caller still has to close it.
  assert.equal(await conn.read(new Uint8Array(8)), null);
}

async function writeAfterCloseWrite(trial: ContractRun): Promise<void> {
  const { conn } = await trial.connect();
  const ended = conn.closeWrite();
  await assert.rejects(conn.write(bytesOf("too late")), { code: "EPIPE" });
  await ended;
  await assert.rejects(conn.write(bytesOf("too late")), { code: "EPIPE" });
}

async function closeWhilePending(trial: ContractRun): Promise<void> {
  const { conn } = await trial.connect();
  const reads = [conn.read(new Uint8Array(8)), conn.read(new Uint8Array(8))];
  // The peer does not read, so a write will soon be pending.
  const writes: Promise<number>[] = [];
  for (let full = false; !full && writes.length < 1_000;) {
    const write = conn.write(new Uint8Array(1024 * 1024));
    write.catch(() => {});
    writes.push(write);
    const waited = new Promise((resolve) => setTimeout(resolve, 50, "waited"));
    full = await Promise.race([write, waited]) === "waited";
  }
  const pending = [...reads, writes[writes.length - 1]!, conn.write(bytesOf("queued"))];
  const settled = Promise.allSettled(pending);
  conn.close();
  for (const outcome of await settled) {
    assert.equal(outcome.status, "rejected");
    assert.ok(outcome.reason instanceof Error);
    assert.equal((outcome.reason as { code?: unknown }).code, "ERR_CONN_CLOSED");
  }
}

async function callsAfterClose(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  await peer.write(bytesOf("unread"));
  conn.close();
  const closed = { code: "ERR_CONN_CLOSED" };
  await assert.rejects(conn.read(new Uint8Array(8)), closed);
  await assert.rejects(conn.write(bytesOf("too late")), closed);
  await assert.rejects(conn.closeWrite(), closed);
  for (const call of settings(conn)) assert.doesNotThrow(call);
}

function settings(conn: Conn): (() => void)[] {
  return [
    () => conn.setNoDelay(),
    () => conn.setNoDelay(false),
    () => conn.setKeepAlive(),
    () => conn.setKeepAlive(false),
    () => conn.unref(),
    () => conn.ref(),
  ];
}

async function idempotent(trial: ContractRun): Promise<void> {
  await idempotentOver(trial, "tcp");
  if (!trial.contract.unsupported.has("unix")) await idempotentOver(trial, "unix");
}

async function idempotentOver(trial: ContractRun, network: "tcp" | "unix"): Promise<void> {
  const listener = await trial.listen(network);
  const closings: ((conn: Conn) => void)[] = [(conn) => conn.close(), (conn) => conn.reset()];
  for (const first of closings) {
    for (const second of closings) {
      const dialing = trial.dial(listener.address, { network });
      const [conn, peer] = await Promise.all([dialing, listener.accept()]);
      // Called before the close too, to test that the settings do no harm then.
      for (const call of settings(conn)) call();
      first(conn);
      second(conn);
      first(conn);
      // The peer may read a reset, where the dialer can send one, as an error.
      assert.equal((await readAll(peer).catch(() => new Uint8Array())).byteLength, 0);
    }
  }
}

async function closeAfterPeer(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  await conn.closeWrite();
  assert.equal(await readText(peer), "");
  peer.close();
  assert.equal(await readText(conn), "");
  conn.close();
  conn.close();
}

async function disposers(trial: ContractRun): Promise<void> {
  const listener = await trial.listen();
  const sync = await trial.connect(listener);
  sync.conn[Symbol.dispose]();
  assert.equal(await readText(sync.peer), "");
  await assert.rejects(sync.conn.read(new Uint8Array(8)), { code: "ERR_CONN_CLOSED" });
  const async = await trial.connect(listener);
  await async.conn[Symbol.asyncDispose]();
  assert.equal(await readText(async.peer), "");
  await assert.rejects(async.conn.read(new Uint8Array(8)), { code: "ERR_CONN_CLOSED" });
}

async function resetByUs(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  const pending = conn.read(new Uint8Array(8));
  pending.catch(() => {});
  await conn.write(bytesOf("bye"));
  await readExactly(peer, 3);
  conn.reset();
  await assert.rejects(readAll(peer), { code: "ECONNRESET" });
  await assert.rejects(pending, { code: "ERR_CONN_CLOSED" });
}

async function resetByPeer(trial: ContractRun): Promise<void> {
  const { conn, peer } = await trial.connect();
  const pending = conn.read(new Uint8Array(8));
  peer.reset();
  await assert.rejects(pending, { code: "ECONNRESET" });
  await assert.rejects(conn.write(bytesOf("anyone there?")), (error: { code?: string }) => {
    // The code depends on whether the system has already reported the reset.
    assert.match(String(error.code), /^(ECONNRESET|EPIPE)$/);
    return true;
  });
  conn.close();
}

/** Whether a promise is still pending after a short time. */
async function isPending(promise: Promise<void>): Promise<boolean> {
  return await Promise.race([promise, delay(20).then(() => "pending")]) === "pending";
}

async function closedHere(trial: ContractRun): Promise<void> {
  const listener = await trial.listen();
  for (const end of ["close", "reset"] as const) {
    const { conn } = await trial.connect(listener);
    const { closed } = conn;
    assert.equal(conn.closed, closed);
    await conn.write(bytesOf("hello"));
    assert.ok(await isPending(closed));
    conn[end]();
    assert.equal(await closed, undefined);
    assert.equal(conn.closed, closed);
    // `closed` is first read after the close here.
    const other = await trial.connect(listener);
    other.conn[end]();
    await other.conn.closed;
  }
}

async function bothEnd(trial: ContractRun): Promise<void> {
  const listener = await trial.listen();
  const isEnded = async (conn: Conn) => assert.equal(await conn.read(new Uint8Array(8)), null);
  for (const first of ["ours", "the peer's"]) {
    for (const asked of ["before", "afterwards"]) {
      const { conn, peer } = await trial.connect(listener);
      if (asked === "before") assert.ok(await isPending(conn.closed));
      if (first === "ours") await conn.closeWrite();
      await peer.closeWrite();
      await isEnded(conn);
      if (first !== "ours") {
        if (asked === "before") assert.ok(await isPending(conn.closed));
        await conn.closeWrite();
      }
      await conn.closed;
    }
  }
  const { conn, peer } = await trial.connect(listener);
  await conn.closeWrite();
  assert.ok(await isPending(conn.closed));
  await peer.write(bytesOf("more"));
  assert.equal(await conn.read(new Uint8Array(8)), 4);
  assert.ok(await isPending(conn.closed));
}

async function closedByReset(trial: ContractRun): Promise<void> {
  const listener = await trial.listen();
  for (const call of ["read", "write"] as const) {
    const { conn, peer } = await trial.connect(listener);
    const { closed } = conn;
    peer.reset();
    for (let broken = false; !broken;) {
      broken = await conn[call](new Uint8Array(8)).then(() => false, () => true);
      if (!broken) await delay(1);
    }
    assert.equal(await closed, undefined);
    assert.equal(conn.closed, closed);
  }
}
