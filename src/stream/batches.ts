import { Buffer } from "node:buffer";

/** Small writes are combined up to this size. */
const batchBytes = 64 * 1024;

/** Combines small chunks; a large one stays as it is. */
export function* batchesOf(chunks: readonly Uint8Array[]): Generator<Uint8Array> {
  for (let first = 0; first < chunks.length;) {
    let end = first + 1;
    let bytes = chunks[first]!.byteLength;
    while (end < chunks.length && bytes + chunks[end]!.byteLength <= batchBytes) {
      bytes += chunks[end++]!.byteLength;
    }
    yield end === first + 1 ? chunks[first]! : Buffer.concat(chunks.slice(first, end));
    first = end;
  }
}
