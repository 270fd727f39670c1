import type { PeerConn } from "../../adapters/loopback/peers.ts";

/** A readable end of a connection: the dialer's or the peer's. */
export type ReadEnd = Pick<PeerConn, "read">;

/** Reads exactly `length` bytes; an early end is an error. */
export async function readExactly(from: ReadEnd, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await from.read(bytes.subarray(at));
    if (count === null) throw new Error(`the stream ended after ${at} of ${length} bytes`);
    at += count;
  }
  return bytes;
}

/** Reads up to the end of the stream. */
export async function readAll(from: ReadEnd): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  await readEach(from, (chunk) => chunks.push(chunk.slice()));
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

/**
 * Reads up to the end of the stream; `take` gets each chunk, which is valid only during the call.
 */
export async function readEach(
  from: ReadEnd,
  take: (chunk: Uint8Array) => void,
  bufferBytes: number = 256 * 1024,
): Promise<void> {
  const buffer = new Uint8Array(bufferBytes);
  for (let count; (count = await from.read(buffer)) !== null;) take(buffer.subarray(0, count));
}

/** Reads up to the end of the stream as text. */
export async function readText(from: ReadEnd): Promise<string> {
  return new TextDecoder().decode(await readAll(from));
}

/** The bytes of a text. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
