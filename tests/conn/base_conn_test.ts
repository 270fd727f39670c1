import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { deriveConn } from "../../src/conn/derive_conn.ts";
import { bytesOf } from "../../src/testing/read_all.ts";
import { ChunkConn } from "../fakes/chunk_conn.ts";

const notBytes: [value: unknown, kind: string][] = [
  ["text", "String"],
  [undefined, "Undefined"],
  [null, "Null"],
  [[1, 2], "Array"],
  [new ArrayBuffer(2), "ArrayBuffer"],
  [new DataView(new ArrayBuffer(2)), "DataView"],
  [new Uint16Array(2), "Uint16Array"],
];

for (const [value, kind] of notBytes) {
  test(`to read into or to write ${kind} is a TypeError, and nothing happens`, async () => {
    const inner = new ChunkConn("abc");
    for (const conn of [inner, deriveConn(inner, { unread: bytesOf("x") })]) {
      for (const call of ["read", "write"] as const) {
        await assert.rejects(conn[call](value as Uint8Array), {
          name: "TypeError",
          message: `Cannot ${
            call === "read" ? "read into" : "write"
          } what is not a Uint8Array but ${kind}`,
        });
      }
    }
    assert.equal(await inner.read(new Uint8Array(8)), 3);
    assert.deepEqual(inner.written, []);
  });
}

test("bytes of another realm are bytes", async () => {
  const conn = new ChunkConn("abc");
  const bytes: Uint8Array = runInNewContext("new Uint8Array([7, 8])");
  assert.ok(!(bytes instanceof Uint8Array));
  assert.equal(await conn.write(bytes), 2);
  assert.deepEqual(conn.written, [7, 8]);
  assert.equal(await conn.read(bytes), 2);
});

/** A connection whose writes never end before it is closed, for its peer does not read. */
class StuckConn extends ChunkConn {
  #reject: (error: Error) => void = () => {};
  protected override send(): undefined {
    return new Promise<void>((_, reject) => this.#reject = reject) as unknown as undefined;
  }
  protected override destroy(reset: boolean): void {
    super.destroy(reset);
    this.#reject(new Error("destroyed"));
  }
}

test("aborting writable resets at once, also while a write waits for the peer", async () => {
  for (const derived of [false, true]) {
    const inner = new StuckConn();
    const conn = derived ? deriveConn(inner, {}) : inner;
    const writer = conn.writable.getWriter();
    writer.closed.catch(() => {});
    const write = writer.write(bytesOf("stuck"));
    const rejected = assert.rejects(write, { code: "ERR_CONN_CLOSED" });
    // Until the write is under way, which an abort waits for.
    await new Promise((resolve) => setImmediate(resolve));
    await writer.abort(new Error("enough"));
    await rejected;
    assert.deepEqual(inner.calls.filter((call) => !call.endsWith("ref")), ["reset"]);
  }
});

/** A connection with unread data. */
class UnreadConn extends ChunkConn {
  protected override get receivedAll(): boolean {
    return false;
  }
}

test("close() right after closeWrite() still sends FIN before it closes", async () => {
  const conn = new UnreadConn("un", "read");
  await conn.write(bytesOf("bye"));
  const ended = conn.closeWrite();
  conn.close();
  await assert.rejects(ended, { code: "ERR_CONN_CLOSED" });
  while (!conn.calls.includes("close")) await new Promise((resolve) => setImmediate(resolve));
  const calls = conn.calls.filter((call) => !call.endsWith("ref"));
  assert.deepEqual(calls, ["shutdown", "close"]);
});

test("close() after closeWrite() sends no second FIN", async () => {
  const conn = new UnreadConn("unread");
  await conn.write(bytesOf("bye"));
  await conn.closeWrite();
  conn.close();
  while (!conn.calls.includes("close")) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(conn.calls.filter((call) => !call.endsWith("ref")), ["shutdown", "close"]);
});
