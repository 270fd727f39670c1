import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Conn } from "../../../src/core/conn.ts";
import type { PeerConn } from "../../../adapters/loopback/peers.ts";
import { bytesOf, readAll, readExactly, readText } from "../../../src/testing/read_all.ts";
import { SeededRandom } from "../../../src/testing/seeded_random.ts";
import type { Running } from "../real_proxy.ts";
import { echo, startTarget } from "../target.ts";
import { within } from "../within.ts";

const totalBytes = 64 * 1024 * 1024;
const blockBytes = 256 * 1024;

/** What the peer says first comes whole, although nobody reads for a while. */
export async function peerSpeaksFirst({ dial }: Running): Promise<void> {
  const greeting = "220 a peer that speaks first\r\n".repeat(100);
  const target = await startTarget(async (conn) => {
    await conn.write(bytesOf(greeting));
    await echo(conn);
  });
  try {
    const conn = await dial(target.address);
    // The greeting is on its way before the reader starts.
    await conn.write(bytesOf("pong"));
    const heard = await within("the greeting", readExactly(conn, greeting.length + 4));
    assert.equal(new TextDecoder().decode(heard), greeting + "pong");
    conn.close();
    await target.idle();
  } finally {
    await target.close();
  }
}

/** The proxy looks the name up. */
export async function targetIsName({ dial }: Running): Promise<void> {
  const target = await startTarget(echo);
  try {
    const conn = await dial(`localhost:${target.port}`);
    await conn.write(bytesOf("by name"));
    const heard = await within("the echo", readExactly(conn, 7));
    assert.equal(new TextDecoder().decode(heard), "by name");
    assert.deepEqual(conn.remoteAddr, {
      transport: "tcp",
      hostname: "localhost",
      port: Number(target.port),
    });
  } finally {
    await target.close();
  }
}

/** 64 MiB go each way at once, and arrive as they were sent. */
export async function bulkBothWays({ dial }: Running): Promise<void> {
  let received = "";
  const target = await startTarget(async (conn) => {
    [received] = await Promise.all([receive(conn), send(conn, 2)]);
  });
  try {
    const conn = await dial(target.address);
    const both = Promise.all([receive(conn), send(conn, 1)]);
    const [arrived] = await within("the bulk", both, 60_000);
    conn.close();
    await target.idle();
    assert.equal(arrived, digestOf(2));
    assert.equal(received, digestOf(1));
  } finally {
    await target.close();
  }
}

/** A question that ends with a half-close gets its answer. */
export async function answerAfterHalfClose({ dial }: Running): Promise<void> {
  await askAndHalfClose(dial, async (conn) => {
    assert.equal(await within("the answer", readText(conn)), "answer to: question");
  });
}

/** The proxy may lose the answer; nothing hangs for it. */
export async function halfCloseEnds({ dial }: Running): Promise<void> {
  await askAndHalfClose(dial, async (conn) => {
    const answer = await within("the end of the connection", readAll(conn).catch(failedRead));
    assert.ok("answer to: question".startsWith(new TextDecoder().decode(answer)));
  });
}

async function askAndHalfClose(
  dial: Running["dial"],
  check: (conn: Conn) => Promise<void>,
): Promise<void> {
  const target = await startTarget(async (conn) => {
    const question = await readText(conn);
    await conn.write(bytesOf(`answer to: ${question}`));
  });
  try {
    const conn = await dial(target.address);
    await conn.write(bytesOf("question"));
    await within("closeWrite()", conn.closeWrite());
    await check(conn);
    conn.close();
    await target.idle();
  } finally {
    await target.close();
  }
}

/** A read that fails has one of Node's codes. */
function failedRead(error: { code?: unknown }): Uint8Array {
  assert.ok(["ECONNRESET", "EPIPE"].includes(String(error.code)), String(error));
  return new Uint8Array();
}

/** 200 dials at once; each gets its own answer. */
export async function manyAtOnce({ dial }: Running): Promise<void> {
  const target = await startTarget(echo);
  try {
    const answers = await within(
      "200 dials",
      Promise.all(Array.from({ length: 200 }, async (_, index) => {
        const conn = await dial(target.address);
        const message = bytesOf(`dial ${String(index).padStart(3, "0")}`);
        await conn.write(message);
        const answer = await readExactly(conn, message.length);
        conn.close();
        return new TextDecoder().decode(answer);
      })),
      30_000,
    );
    assert.deepEqual(answers.toSorted(), answers);
    assert.equal(new Set(answers).size, 200);
    await target.idle();
  } finally {
    await target.close();
  }
}

/** Sends what {@linkcode digestOf} is the digest of. No half-close: some proxies would cut the other way short. */
async function send(to: Pick<PeerConn, "write">, seed: number): Promise<void> {
  for (const block of blocks(seed)) await to.write(block);
}

/** The digest of the next bytes, as many as {@linkcode send} sends. */
async function receive(from: Pick<PeerConn, "read">): Promise<string> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(blockBytes);
  for (let rest = totalBytes; rest > 0;) {
    const count = await from.read(buffer.subarray(0, rest));
    if (count === null) throw new Error(`the stream ended ${rest} bytes early`);
    hash.update(buffer.subarray(0, count));
    rest -= count;
  }
  return hash.digest("hex");
}

/** Random blocks, no two alike: each begins with its number. The block is only good until the next. */
function* blocks(seed: number): Generator<Uint8Array> {
  const block = new SeededRandom(seed).bytes(blockBytes);
  const view = new DataView(block.buffer);
  for (let index = 0; index < totalBytes / blockBytes; index++) {
    view.setUint32(0, index);
    yield block;
  }
}

const digests = new Map<number, string>();

function digestOf(seed: number): string {
  let digest = digests.get(seed);
  if (digest === undefined) {
    const hash = createHash("sha256");
    for (const block of blocks(seed)) hash.update(block);
    digests.set(seed, digest = hash.digest("hex"));
  }
  return digest;
}
