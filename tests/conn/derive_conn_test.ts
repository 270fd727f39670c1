import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConnChanges, deriveConn } from "../../src/conn/derive_conn.ts";
import { bytesOf, readText } from "../../src/testing/read_all.ts";
import { ChunkConn } from "../fakes/chunk_conn.ts";

async function read(conn: { read(buffer: Uint8Array): Promise<number | null> }, length: number) {
  const buffer = new Uint8Array(length);
  const count = await conn.read(buffer);
  return count === null ? null : new TextDecoder().decode(buffer.subarray(0, count));
}

test("deriveConn() says differently what it was told to, and else what the connection says", () => {
  const conn = new ChunkConn();
  const same = deriveConn(conn, {});
  assert.equal(same.localAddr, conn.localAddr);
  assert.equal(same.remoteAddr, conn.remoteAddr);
  assert.equal(same.hops, conn.hops);
  assert.equal(same.report, conn.report);
  let made = 0;
  const changes = {
    remoteAddr: { transport: "tcp", hostname: "peer.test", port: 9 },
    hops: [conn.remoteAddr],
    report: { report: () => ({ ...conn.report, label: `outer ${++made}` }) },
  } satisfies ConnChanges;
  const derived = deriveConn(conn, changes);
  assert.equal(derived.remoteAddr, changes.remoteAddr);
  assert.equal(derived.hops, changes.hops);
  assert.equal(made, 0, "a report is only made when somebody reads it");
  assert.equal(derived.report.label, "outer 1");
  assert.equal(derived.report, derived.report);
});

test("unread bytes come first, at every size of the reads", async () => {
  for (let size = 1; size <= 12; size++) {
    const conn = deriveConn(new ChunkConn("fgh", "ij"), { unread: bytesOf("abcde") });
    let text = "";
    for (let part; (part = await read(conn, size)) !== null;) {
      assert.ok(part.length > 0);
      text += part;
    }
    assert.equal(text, "abcdefghij");
  }
});

test("unread bytes are the first of readable as well", async () => {
  const conn = deriveConn(new ChunkConn("world"), { unread: bytesOf("hello ") });
  assert.equal(await new Response(conn.readable).text(), "hello world");
});

test("concurrent reads share unread bytes in order", async () => {
  const conn = deriveConn(new ChunkConn("cd"), { unread: bytesOf("ab") });
  assert.deepEqual(
    await Promise.all([read(conn, 1), read(conn, 4), read(conn, 4), read(conn, 4)]),
    [
      "a",
      "b",
      "cd",
      null,
    ],
  );
});

test("a read into an empty buffer takes no unread byte", async () => {
  const conn = deriveConn(new ChunkConn(), { unread: bytesOf("ab") });
  assert.equal(await conn.read(new Uint8Array(0)), 0);
  assert.equal(await readText(conn), "ab");
});

test("no unread bytes are as good as none", async () => {
  assert.equal(await readText(deriveConn(new ChunkConn("a"), { unread: new Uint8Array() })), "a");
});

test("after close() or reset() unread bytes are gone, and the connection with them", async () => {
  for (const [end, call] of [["close", "close"], ["reset", "reset"]] as const) {
    const inner = new ChunkConn("more");
    const conn = deriveConn(inner, { unread: bytesOf("ab") });
    conn[end]();
    await assert.rejects(conn.read(new Uint8Array(8)), { code: "ERR_CONN_CLOSED" });
    assert.deepEqual(inner.calls, [call]);
  }
});

test("cancelling readable drops unread bytes, and later reads give null", async () => {
  const inner = new ChunkConn("more");
  const conn = deriveConn(inner, { unread: bytesOf("ab") });
  await conn.readable.cancel();
  assert.equal(await conn.read(new Uint8Array(8)), null);
  assert.deepEqual(inner.calls, []);
});

test("everything else goes to the connection", async () => {
  const inner = new ChunkConn();
  const conn = deriveConn(inner, {});
  assert.equal(await conn.write(bytesOf("A")), 1);
  const writer = conn.writable.getWriter();
  await writer.write(bytesOf("B"));
  conn.setNoDelay(false);
  conn.setKeepAlive(false);
  conn.unref();
  conn.ref();
  await writer.close();
  await assert.rejects(conn.write(bytesOf("C")), { code: "EPIPE" });
  await conn[Symbol.asyncDispose]();
  conn[Symbol.dispose]();
  assert.deepEqual(inner.written, [65, 66]);
  assert.deepEqual(
    inner.calls.filter((call) => call !== "ref" && call !== "unref"),
    ["noDelay false", "keepAlive false", "shutdown", "close"],
  );
});

test("a derived connection can be derived again", async () => {
  const once = deriveConn(new ChunkConn("c"), { unread: bytesOf("b") });
  assert.equal(await readText(deriveConn(once, { unread: bytesOf("a") })), "abc");
});
