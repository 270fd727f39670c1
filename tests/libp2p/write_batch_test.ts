import assert from "node:assert/strict";
import { test } from "node:test";
import {
  gatheredBatch,
  joinedBatch,
  type SpareMemory,
  type WriteBatch,
} from "../../src/libp2p/write_batch.ts";

const KiB = 1024;

class Spare implements SpareMemory {
  readonly bytes = 66 * KiB;
  readonly memory = new Uint8Array(this.bytes);
  taken = 0;
  take(): Uint8Array {
    this.taken++;
    return this.memory;
  }
}

/** Pieces of these lengths, each with a content of its own. */
function piecesOf(...lengths: number[]): Uint8Array[] {
  return lengths.map((length, index) => new Uint8Array(length).fill(index + 1));
}

function partsOf({ data }: WriteBatch): readonly Uint8Array[] {
  return data instanceof Uint8Array ? [data] : data;
}

/** Batches everything, and checks that it is all there and in order. */
function batchAll(make: typeof joinedBatch, pieces: Uint8Array[]): number[][] {
  const lengths: number[][] = [];
  const spare = new Spare();
  const all: number[] = [];
  for (let start = 0; start < pieces.length;) {
    const batch = make(pieces, start, spare);
    assert.ok(batch.end > start, "a batch takes at least a piece");
    const parts = partsOf(batch);
    lengths.push(parts.map(({ byteLength }) => byteLength));
    assert.equal(parts.reduce((sum, { byteLength }) => sum + byteLength, 0), batch.bytes);
    // The next batch may use the same memory.
    for (const part of parts) for (const value of part) all.push(value);
    start = batch.end;
  }
  assert.deepEqual(Uint8Array.from(all), Uint8Array.from(pieces.flatMap((piece) => [...piece])));
  return lengths;
}

test("joinedBatch() puts pieces together up to the size of the spare memory", () => {
  assert.deepEqual(batchAll(joinedBatch, piecesOf(2, 12, 65_506, 16, 2, 12, 65_506, 16)), [
    [2 + 12 + 65_506 + 16 + 2 + 12],
    [65_506],
    [16],
  ]);
  assert.deepEqual(batchAll(joinedBatch, piecesOf(40 * KiB, 1, 40 * KiB)), [[40 * KiB], [
    1 + 40 * KiB,
  ]]);
  assert.deepEqual(batchAll(joinedBatch, piecesOf(5)), [[5]]);
});

test("joinedBatch() does not copy what goes by itself", () => {
  const spare = new Spare();
  const [large] = piecesOf(100 * KiB);
  assert.equal(joinedBatch([large!], 0, spare).data, large);
  assert.equal(spare.taken, 0);
});

test("gatheredBatch() leaves large pieces where they are, with small ones put together between them", () => {
  const pieces = piecesOf(2, 12, 65_506, 16, 2, 12, 65_506, 16);
  const batch = gatheredBatch(pieces, 0, new Spare());
  const parts = partsOf(batch);
  assert.deepEqual(parts.map(({ byteLength }) => byteLength), [14, 65_506, 30, 65_506, 16]);
  assert.equal(parts[1], pieces[2]);
  assert.equal(parts[3], pieces[6]);
  batchAll(gatheredBatch, pieces);
});

test("gatheredBatch() ends where the spare memory is full, and at half a mebibyte", () => {
  assert.deepEqual(batchAll(gatheredBatch, piecesOf(...Array(40).fill(4 * KiB))), [
    [64 * KiB],
    [64 * KiB],
    [32 * KiB],
  ]);
  const large = Array(20).fill(64 * KiB);
  assert.deepEqual(batchAll(gatheredBatch, piecesOf(...large)).map(({ length }) => length), [
    8,
    8,
    4,
  ]);
});

test("gatheredBatch() does not copy a piece that comes alone", () => {
  const spare = new Spare();
  const [small] = piecesOf(5);
  assert.equal(gatheredBatch([small!], 0, spare).data, small);
  assert.equal(spare.taken, 0);
});
