import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { loopbackPeers } from "../../adapters/loopback/loopback_peers.ts";
import type { ListeningPeer, PeerConn } from "../../adapters/loopback/peers.ts";
import { runtime } from "../runtime.ts";
import { assertOneLine, interrupt, runCli, startCli } from "./cli_process.ts";

const peers = loopbackPeers();
const megabyte = 1024 * 1024;

async function withPeer(
  run: (peer: ListeningPeer) => Promise<void>,
  network: "tcp" | "unix" = "tcp",
): Promise<void> {
  const peer = await peers.listen(network);
  try {
    await run(peer);
  } finally {
    await peer.close();
  }
}

/** Reads to the end, and calls back with each part. */
async function readAll(conn: PeerConn, each: (part: Uint8Array) => unknown): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  for (let count; (count = await conn.read(buffer)) !== null;) {
    await each(buffer.subarray(0, count));
  }
}

async function readText(conn: PeerConn): Promise<string> {
  let text = "";
  await readAll(conn, (part) => text += new TextDecoder().decode(part));
  return text;
}

function digest(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

test("dial sends its input and its end, and prints what comes afterwards", async () => {
  await withPeer(async (peer) => {
    const { child, result } = startCli(["dial", peer.address]);
    child.stdin.end("question");
    const conn = await peer.accept();
    // The peer only answers once it has seen the end.
    assert.equal(await readText(conn), "question");
    await conn.write(new TextEncoder().encode("answer"));
    await conn.closeWrite();
    const { code, stdout, stderr } = await result;
    assert.deepEqual([code, new TextDecoder().decode(stdout), stderr], [0, "answer", ""]);
  });
});

test("dial closes its output when the peer has ended, while its input is open", async () => {
  await withPeer(async (peer) => {
    const { child, result } = startCli(["dial", peer.address]);
    const conn = await peer.accept();
    await conn.write(new TextEncoder().encode("greeting"));
    await conn.closeWrite();
    await new Promise((resolve) => child.stdout.once("end", resolve));
    // Deno cannot close its output, so it exits.
    if (runtime !== "deno") {
      assert.equal(child.exitCode, null);
      child.stdin.end("late");
      assert.equal(await readText(conn), "late");
    }
    const { code, stdout, stderr } = await result;
    assert.deepEqual([code, new TextDecoder().decode(stdout), stderr], [0, "greeting", ""]);
  });
});

test("dial goes on sending after the peer has ended, except on Deno", async () => {
  await withPeer(async (peer) => {
    const { child, result } = startCli(["dial", `unix:${peer.address}`]);
    const conn = await peer.accept();
    await conn.write(new TextEncoder().encode("greeting"));
    await conn.closeWrite();
    await new Promise((resolve) => child.stdout.once("data", resolve));
    if (runtime !== "deno") {
      child.stdin.end("late");
      assert.equal(await readText(conn), "late");
    }
    const { code, stdout } = await result;
    assert.deepEqual([code, new TextDecoder().decode(stdout)], [0, "greeting"]);
  }, "unix");
});

test("dial --no-shutdown sends no end, and ends when the peer does", async () => {
  await withPeer(async (peer) => {
    const { child, result } = startCli(["dial", "--no-shutdown", peer.address]);
    child.stdin.end("question");
    const conn = await peer.accept();
    const buffer = new Uint8Array(64);
    assert.equal(await conn.read(buffer), 8);
    const next = conn.read(buffer).then((count) => count ?? "end", () => "end");
    // That no end comes can only be seen by waiting.
    const silence = new Promise((resolve) => setTimeout(() => resolve("silence"), 300));
    assert.equal(await Promise.race([next, silence]), "silence");
    await conn.write(new TextEncoder().encode("answer"));
    await conn.closeWrite();
    const { code, stdout, stderr } = await result;
    assert.deepEqual([code, new TextDecoder().decode(stdout), stderr], [0, "answer", ""]);
    assert.equal(await next, "end");
  });
});

test("dial names --no-shutdown when the peer ends at its end without a byte", async () => {
  await withPeer(async (peer) => {
    const { child, result } = startCli(["dial", peer.address]);
    child.stdin.end("question");
    const conn = await peer.accept();
    assert.equal(await readText(conn), "question");
    await conn.closeWrite();
    const { code, stderr } = await result;
    assert.equal(code, 0);
    assertOneLine(stderr, /without sending a byte; .* try --no-shutdown/);
  });
});

test("dial carries 64 MiB each way at once, byte for byte", async () => {
  await withPeer(async (peer) => {
    const { child, result } = startCli(["dial", `/ip4/127.0.0.1/tcp/${peer.address.slice(10)}`]);
    const data = randomBytes(64 * megabyte);
    child.stdin.end(data);
    const conn = await peer.accept();
    await readAll(conn, (part) => conn.write(part.slice()));
    await conn.closeWrite();
    const { code, stdout, stderr } = await result;
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(stdout.byteLength, data.byteLength);
    assert.equal(digest(stdout), digest(data));
  });
});

test("dial stops reading its input while the peer does not read", async () => {
  await withPeer(async (peer) => {
    const { child, result } = startCli(["dial", peer.address]);
    const data = randomBytes(64 * megabyte);
    let taken = false;
    child.stdin.end(data, () => taken = true);
    const conn = await peer.accept();
    // That nothing happens can only be seen by waiting.
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(taken, false, "64 MiB were taken for a peer that reads nothing");
    const hash = createHash("sha256");
    await readAll(conn, (part) => hash.update(part));
    assert.equal(hash.digest("hex"), digest(data));
    await conn.closeWrite();
    assert.equal((await result).code, 0);
  });
});

test("dial ends quietly with 141 when its output is closed", async () => {
  await withPeer(async (peer) => {
    const { child, result } = startCli(["dial", peer.address]);
    const conn = await peer.accept();
    child.stdout.destroy();
    const part = new Uint8Array(64 * 1024);
    // More than any pipe holds, so that it must notice; it then closes.
    const writing = (async () => {
      for (let count = 0; count < 1024; count++) await conn.write(part);
    })().catch(() => {});
    const { code, stderr } = await result;
    assert.deepEqual([code, stderr], [141, ""]);
    await writing;
  });
});

test("dial refuses a directory for its input, and dials nothing", async () => {
  const { code, stdout, stderr } = await startCli(["dial", peers.refused], "< /").result;
  assert.deepEqual([code, stdout.byteLength], [2, 0]);
  assertOneLine(stderr, /Cannot read standard input: it is a directory/);
});

const noFull = existsSync("/dev/full") ? false : "needs /dev/full, which Linux has";
test("dial says that its output is full", { skip: noFull }, async () => {
  await withPeer(async (peer) => {
    const { result } = startCli(["dial", peer.address], "> /dev/full");
    const conn = await peer.accept();
    await conn.write(new TextEncoder().encode("answer"));
    const { code, stderr } = await result;
    assert.equal(code, 1);
    assertOneLine(stderr, /^anydial: Cannot write to standard output: .*no space left/i);
  });
});

test("dial reports a connection that breaks on one line, with exit code 1", async () => {
  await withPeer(async (peer) => {
    const { child, result } = startCli(["dial", peer.address]);
    child.stdin.write("question");
    const conn = await peer.accept();
    await conn.read(new Uint8Array(8));
    conn.reset();
    const { code, stderr } = await result;
    assert.equal(code, 1);
    assertOneLine(stderr, /ECONNRESET|reset/);
  });
});

test("dial reports a failed dial on one line, with exit code 1, and leaves its input alone", async () => {
  const { code, stdout, stderr } = await runCli("dial", peers.refused);
  assert.deepEqual([code, stdout], [1, ""]);
  assertOneLine(stderr, /^anydial: Cannot dial tcp 127\.0\.0\.1:1: connection refused\n$/);
});

test("dial --verbose prints the timeline to standard error", async () => {
  await withPeer(async (peer) => {
    const { child, result } = startCli(["dial", "-v", peer.address]);
    child.stdin.end();
    const conn = await peer.accept();
    await conn.closeWrite();
    const { code, stdout, stderr } = await result;
    assert.deepEqual([code, stdout.byteLength], [0, 0]);
    assert.match(stderr, /^tcp 127\.0\.0\.1:\d+: connected after /);
    assert.match(stderr, /✓ attempt 127\.0\.0\.1:\d+: connected\n$/);
  });
});

test("dial ends with 130 at SIGINT", async () => {
  await withPeer(async (peer) => {
    const cli = startCli(["dial", peer.address]);
    await peer.accept();
    interrupt(cli);
    const { code, stderr } = await cli.result;
    assert.deepEqual([code, stderr], [130, ""]);
  });
});

test("dial --timeout gives up a dial that hangs, and exits although it is still pending", async () => {
  const silent = await peers.silent();
  const begin = performance.now();
  const { code, stdout, stderr } = await runCli("dial", "-t", "300ms", silent.address);
  assert.deepEqual([code, stdout], [1, ""]);
  assertOneLine(stderr, /: timed out after 300 ms connecting to 127\.0\.0\.1:\d+\n$/);
  // A pending connect would hold the process for two minutes.
  assert.ok(performance.now() - begin < 30_000);
  await silent.close();
});
