import assert from "node:assert/strict";
import { test } from "node:test";
import { PushConn } from "../../src/conn/push_conn.ts";
import { bytesOf } from "../../src/testing/read_all.ts";

/** A connection over no socket: the test pushes what one would have received. */
class TestConn extends PushConn {
  constructor() {
    super({ transport: "unix", path: "" }, { transport: "unix", path: "/peer" });
  }
  receiveText(text: string): boolean {
    return this.push(bytesOf(text));
  }
  override pushEnd(): void {
    super.pushEnd();
  }
  override pushError(error: unknown): void {
    super.pushError(error);
  }
  protected resumeSocket(): void {}
  protected send(): undefined {}
  protected shutdown(): Promise<void> {
    return Promise.resolve();
  }
  protected destroy(): void {
    this.pushClosed();
  }
  protected setRef(): void {}
  setNoDelay(): void {}
  setKeepAlive(): void {}
}

async function readText(conn: PushConn, length = 8): Promise<string | null> {
  const buffer = new Uint8Array(length);
  const count = await conn.read(buffer);
  return count === null ? null : new TextDecoder().decode(buffer.subarray(0, count));
}

test("what was received before a reset is read before the reset is told", async () => {
  const conn = new TestConn();
  conn.receiveText("all there is");
  conn.pushError(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
  assert.equal(await readText(conn), "all ther");
  assert.equal(await readText(conn), "e is");
  await assert.rejects(conn.read(new Uint8Array(8)), { code: "ECONNRESET" });
  await assert.rejects(conn.read(new Uint8Array(8)), { code: "ECONNRESET" });
});

test("a buffer that is detached while its read waits loses no byte", async () => {
  const conn = new TestConn();
  const gone = new Uint8Array(8);
  const reads = [conn.read(gone), readText(conn)];
  structuredClone(gone, { transfer: [gone.buffer] });
  assert.equal(gone.byteLength, 0);
  const refused = assert.rejects(reads[0]!, TypeError);
  assert.ok(conn.receiveText("hello"));
  await refused;
  assert.equal(await reads[1], "hello");
});

test("a buffer that is detached while its read waits keeps what comes for the next", async () => {
  const conn = new TestConn();
  const gone = new Uint8Array(8);
  const refused = assert.rejects(conn.read(gone), TypeError);
  structuredClone(gone, { transfer: [gone.buffer] });
  assert.equal(conn.receiveText("hello"), false, "the socket has to pause");
  await refused;
  assert.equal(await readText(conn), "hello");
});
