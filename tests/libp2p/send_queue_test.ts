import assert from "node:assert/strict";
import { test } from "node:test";
import type { Conn } from "../../src/core/conn.ts";
import { SendQueue } from "../../src/libp2p/send_queue.ts";

interface Sent {
  data: Uint8Array;
  resolve(count: number): void;
  reject(error: unknown): void;
}

/** A connection of somebody else's, whose writes are the test's to settle. */
function manualConn(): { conn: Conn; next(): Promise<Sent> } {
  const sent: Sent[] = [];
  const waiting: ((sent: Sent) => void)[] = [];
  const write = (data: Uint8Array) =>
    new Promise<number>((resolve, reject) => {
      const each = { data, resolve, reject };
      const waiter = waiting.shift();
      if (waiter === undefined) sent.push(each);
      else waiter(each);
    });
  return {
    conn: { write } as Conn,
    next() {
      const each = sent.shift();
      return each ? Promise.resolve(each) : new Promise((resolve) => waiting.push(resolve));
    },
  };
}

const listener = { sent() {}, failed() {} };

/** Has a queue put two pieces together in a write. */
async function joinedWrite(byte: number): Promise<Sent> {
  const { conn, next } = manualConn();
  const queue = new SendQueue(conn, listener);
  queue.push([Uint8Array.of(byte), Uint8Array.of(byte)]);
  const sent = await next();
  assert.deepEqual([...sent.data], [byte, byte]);
  return sent;
}

test("the memory of a write that was taken goes to the next, that of a failed one does not", async () => {
  const first = await joinedWrite(1);
  first.resolve(2);
  await new Promise(setImmediate);
  const second = await joinedWrite(2);
  assert.equal(second.data.buffer, first.data.buffer);
  second.reject(new Error("it broke"));
  await new Promise(setImmediate);
  // Whoever failed may yet send what it was given, which shall not be another connection's.
  const third = await joinedWrite(3);
  assert.notEqual(third.data.buffer, second.data.buffer);
  assert.deepEqual([...second.data], [2, 2]);
  third.resolve(2);
});
