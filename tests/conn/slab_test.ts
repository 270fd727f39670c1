import assert from "node:assert/strict";
import { test } from "node:test";
import { Slab } from "../../src/conn/slab.ts";

const KiB = 1024;
const other = new Uint8Array(64 * KiB);

function slabs(): { slab: Slab; allocated: number[] } {
  const allocated: number[] = [];
  const slab = new Slab((bytes) => {
    allocated.push(bytes);
    return new Uint8Array(bytes);
  });
  return { slab, allocated };
}

/** Reads into the slab's room, as if the read had filled it. */
function fill(slab: Slab, bytes: number, value: number): Uint8Array {
  const room = slab.buffer()!;
  return slab.commit(room.subarray(0, bytes).fill(value), true);
}

/** Runs a test with timers that fire when they are told to. */
function withTimers(run: (timers: { fire(): void; count(): number }) => void): void {
  const { setTimeout, clearTimeout } = globalThis;
  const pending = new Map<object, () => void>();
  globalThis.setTimeout = ((callback: () => void) => {
    const timer = {};
    pending.set(timer, callback);
    return timer;
  }) as typeof setTimeout;
  globalThis.clearTimeout = ((timer: object) => pending.delete(timer)) as typeof clearTimeout;
  const fire = () => {
    for (const [timer, callback] of [...pending]) {
      pending.delete(timer);
      callback();
    }
  };
  try {
    run({ fire, count: () => pending.size });
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout });
  }
}

test("Slab is not there for small chunks, which are copied", () => {
  const { slab, allocated } = slabs();
  const read = other.subarray(0, 100).fill(1);
  const chunk = slab.commit(read, true);
  read.fill(2);
  assert.equal(chunk[0], 1);
  assert.equal(chunk.buffer.byteLength, 100);
  assert.equal(slab.buffer(), undefined);
  assert.deepEqual(allocated, []);
});

test("Slab gives each large chunk memory of its own, and grows while it is used up", () => {
  const { slab, allocated } = slabs();
  slab.commit(other, true);
  const chunks = Array.from({ length: 40 }, (_, index) => fill(slab, 64 * KiB, index));
  for (const [index, chunk] of chunks.entries()) {
    assert.ok(chunk.every((value) => value === index), `chunk ${index} was written over`);
  }
  assert.deepEqual(allocated.map((bytes) => bytes / KiB), [128, 256, 512, 1024, 1024]);
  slab.release();
});

test("Slab uses the memory of a small chunk again, and lets go after several", () => {
  const { slab } = slabs();
  slab.commit(other, true);
  const first = fill(slab, 1000, 1);
  const second = fill(slab, 1000, 2);
  assert.deepEqual([first[0], second[0], first.buffer === second.buffer], [1, 2, false]);
  fill(slab, 64 * KiB, 3);
  for (let index = 0; index < 4; index++) slab.commit(other.subarray(0, 10), false);
  assert.equal(slab.buffer(), undefined);
});

test("Slab takes what was read into memory that it has let go", () => {
  const { slab } = slabs();
  slab.commit(other, true);
  const room = slab.buffer()!;
  slab.release();
  const read = room.subarray(0, 32 * KiB).fill(5);
  const chunk = slab.commit(read, true);
  read.fill(6);
  assert.ok(chunk.every((value) => value === 5));
  slab.release();
});

test("Slab of all connections together hold no more than 32 MiB", () => {
  const many = Array.from({ length: 300 }, () => slabs());
  for (const { slab } of many) slab.commit(other, true);
  const held = many.flatMap(({ slab }) => slab.buffer()?.byteLength ?? []);
  assert.equal(held.reduce((sum, bytes) => sum + bytes, 0), 32 * KiB * KiB);
  const without = many.find(({ slab }) => slab.buffer() === undefined)!;
  assert.equal(without.slab.commit(other, true).byteLength, other.byteLength);
  for (const { slab } of many) slab.release();
  without.slab.commit(other, true);
  assert.ok(without.slab.buffer() !== undefined, "what was released can be had again");
  without.slab.release();
});

test("Slab has no room for a read that has to wait, and has it again for the next", () => {
  const { slab, allocated } = slabs();
  slab.commit(other, true);
  slab.commit(slab.buffer()!.subarray(0, 32 * KiB), false);
  assert.equal(slab.buffer(), undefined);
  slab.commit(other, true);
  assert.equal(slab.buffer()!.byteLength, 96 * KiB);
  assert.deepEqual(allocated, [128 * KiB]);
  slab.release();
});

test("Slab is released after one to two seconds in which nothing came", () => {
  withTimers(({ fire, count }) => {
    const { slab, allocated } = slabs();
    slab.commit(other, true);
    fire();
    // It was taken while more was there: a read may be pending that holds it.
    fire();
    assert.equal(slab.buffer()!.byteLength, 128 * KiB);
    slab.commit(slab.buffer()!.subarray(0, 20 * KiB), false);
    fire();
    slab.commit(other, true);
    assert.equal(slab.buffer()!.byteLength, 108 * KiB, "something came meanwhile");
    slab.commit(slab.buffer()!.subarray(0, 20 * KiB), false);
    fire();
    fire();
    assert.equal(count(), 0);
    slab.commit(other, true);
    assert.equal(slab.buffer()!.byteLength, 128 * KiB);
    assert.equal(allocated.length, 2);
    slab.release();
    assert.equal(count(), 0, "no timer is left behind");
  });
});
