import assert from "node:assert/strict";
import { test } from "node:test";
import { ReceiveSlab } from "../../src/core/receive_slab.ts";

const KiB = 1024;
const other = new Uint8Array(64 * KiB);

function slabs(): { slab: ReceiveSlab; allocated: number[] } {
  const allocated: number[] = [];
  const slab = new ReceiveSlab((bytes) => {
    allocated.push(bytes);
    return new Uint8Array(bytes);
  });
  return { slab, allocated };
}

/** Reads into the slab's room, as far as it goes. */
function fill(slab: ReceiveSlab, bytes: number, value: number): Uint8Array {
  const room = slab.room()!;
  return slab.take(room.subarray(0, bytes).fill(value));
}

test("ReceiveSlab is not there for small chunks, which are copied", () => {
  const { slab, allocated } = slabs();
  const read = other.subarray(0, 100).fill(1);
  const chunk = slab.take(read);
  read.fill(2);
  assert.equal(chunk[0], 1);
  assert.equal(chunk.buffer.byteLength, 100);
  assert.equal(slab.room(), undefined);
  assert.deepEqual(allocated, []);
});

test("ReceiveSlab gives each large chunk memory of its own, and grows while it is used up", () => {
  const { slab, allocated } = slabs();
  slab.take(other);
  const chunks = Array.from({ length: 40 }, (_, index) => fill(slab, 64 * KiB, index));
  for (const [index, chunk] of chunks.entries()) {
    assert.ok(chunk.every((value) => value === index), `chunk ${index} was written over`);
  }
  assert.deepEqual(allocated.map((bytes) => bytes / KiB), [128, 256, 512, 1024, 1024]);
  slab.release();
});

test("ReceiveSlab uses the memory of a small chunk again, and lets go after several", () => {
  const { slab } = slabs();
  slab.take(other);
  const first = fill(slab, 1000, 1);
  const second = fill(slab, 1000, 2);
  assert.deepEqual([first[0], second[0], first.buffer === second.buffer], [1, 2, false]);
  fill(slab, 64 * KiB, 3);
  for (let index = 0; index < 4; index++) fill(slab, 10, 4);
  assert.equal(slab.room(), undefined);
});

test("ReceiveSlab takes what was read into memory that it has let go", () => {
  const { slab } = slabs();
  slab.take(other);
  const room = slab.room()!;
  slab.release();
  const read = room.subarray(0, 32 * KiB).fill(5);
  const chunk = slab.take(read);
  read.fill(6);
  assert.ok(chunk.every((value) => value === 5));
  slab.release();
});

test("ReceiveSlab of all connections together hold no more than 32 MiB", () => {
  const many = Array.from({ length: 300 }, () => slabs());
  for (const { slab } of many) slab.take(other);
  const held = many.flatMap(({ slab }) => slab.room()?.byteLength ?? []);
  assert.equal(held.reduce((sum, bytes) => sum + bytes, 0), 32 * KiB * KiB);
  const without = many.find(({ slab }) => slab.room() === undefined)!;
  assert.equal(without.slab.take(other).byteLength, other.byteLength);
  for (const { slab } of many) slab.release();
  without.slab.take(other);
  assert.ok(without.slab.room() !== undefined, "what was released can be had again");
  without.slab.release();
});
