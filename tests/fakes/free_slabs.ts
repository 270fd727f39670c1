import { Slab } from "../../src/conn/slab.ts";

const busy = new Uint8Array(64 * 1024);

/** How many busy connections could have a slab now: fewer, the more is held for what is yet to come. */
export function freeSlabs(): number {
  const slabs: Slab[] = [];
  for (let full = false; !full;) {
    const slab = new Slab((bytes) => new Uint8Array(bytes));
    slab.commit(busy, true);
    full = slab.buffer() === undefined;
    if (!full) slabs.push(slab);
  }
  for (const slab of slabs) slab.release();
  return slabs.length;
}
