import fc from "fast-check";
import { test } from "node:test";
import { codecProperties } from "./fuzz/codec_properties.ts";

// A failure names the seed and the smallest input; `npm run fuzz -- --seed N` tries a million inputs with it.
const seed = (Date.now() ^ (Math.random() * 0x100000000)) | 0;
console.log(`fuzz seed ${seed}`);

for (const { name, property } of codecProperties) {
  test(`fuzz: ${name}`, () => {
    fc.assert(property as fc.IProperty<[unknown]>, { seed, numRuns: 400 });
  });
}
