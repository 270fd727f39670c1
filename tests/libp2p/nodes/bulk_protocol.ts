import { createHash } from "node:crypto";
import type { Libp2p, Stream, StreamMessageEvent } from "@libp2p/interface";

/**
 * A protocol to move many bytes both ways over one stream. Whoever opens it sends how many there are, in 8 bytes, that many
 * bytes of the pattern, and the end. The other answers with the SHA-256 of what came after the 8 bytes, and the same pattern.
 * tests/go has its twin.
 */
export const bulkProtocol = "/anydial/bulk/1.0.0";

const digestBytes = 32;

/** A piece of the pattern, of a length that no buffer has: the pattern is this, over and over. */
const pattern: Uint8Array = new Uint8Array(65_521);
for (let index = 0, value = 1; index < pattern.byteLength; index++) {
  value = (value * 75 + 74) % 65_537;
  pattern[index] = value;
}

/** Has a node answer. */
export async function serveBulk(node: Pick<Libp2p, "handle">): Promise<void> {
  await node.handle(bulkProtocol, async (stream) => {
    try {
      const { head, digest } = await digestAfter(stream, 8);
      await send(stream, digest);
      await sendPattern(stream, Number(new DataView(head.buffer).getBigUint64(0)));
      await stream.close();
    } catch (error) {
      stream.abort(error as Error);
    }
  });
}

/**
 * Moves `length` bytes each way over a stream of the protocol.
 *
 * @throws If either side got something else than was sent.
 */
export async function exchangeBulk(stream: Stream, length: number): Promise<void> {
  const answer = digestAfter(stream, digestBytes);
  answer.catch(() => {});
  const header = new Uint8Array(8);
  new DataView(header.buffer).setBigUint64(0, BigInt(length));
  await send(stream, header);
  const sent = hex(await sendPattern(stream, length));
  await stream.close();
  const { head, digest, count } = await answer;
  const said = `${length} bytes ${sent} were sent, ${hex(head)} arrived there`;
  const back = `${count} bytes ${hex(digest)} came back`;
  if (hex(head) !== sent || hex(digest) !== sent || count !== length) {
    throw new Error(`${said}, ${back}`);
  }
}

/** Takes what comes up to the end: the first bytes as they are, of the others the digest. */
function digestAfter(
  stream: Stream,
  headBytes: number,
): Promise<{ head: Uint8Array<ArrayBuffer>; digest: Uint8Array; count: number }> {
  const head = new Uint8Array(headBytes);
  const hash = createHash("sha256");
  let count = -headBytes;
  return new Promise((resolve, reject) => {
    stream.addEventListener("message", ({ data }: StreamMessageEvent) => {
      for (const piece of data instanceof Uint8Array ? [data] : data) {
        const start = Math.min(piece.byteLength, Math.max(0, -count));
        head.set(piece.subarray(0, start), headBytes + Math.min(0, count));
        hash.update(piece.subarray(start));
        count += piece.byteLength;
      }
    });
    stream.addEventListener("end", () => resolve({ head, digest: hash.digest(), count }));
    stream.addEventListener("close", ({ error }) => error && reject(error));
  });
}

/** Sends the pattern, and gives its digest. */
async function sendPattern(stream: Stream, length: number): Promise<Uint8Array> {
  const hash = createHash("sha256");
  for (let left = length; left > 0; left -= pattern.byteLength) {
    const piece = pattern.subarray(0, left);
    hash.update(piece);
    await send(stream, piece);
  }
  return hash.digest();
}

async function send(stream: Stream, data: Uint8Array): Promise<void> {
  if (stream.send(data)) return;
  await new Promise<void>((resolve, reject) => {
    const drained = () => {
      stream.removeEventListener("close", closed);
      resolve();
    };
    const closed = () => {
      stream.removeEventListener("drain", drained);
      reject(new Error("the stream closed"));
    };
    stream.addEventListener("drain", drained, { once: true });
    stream.addEventListener("close", closed, { once: true });
  });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
