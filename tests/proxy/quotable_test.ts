import assert from "node:assert/strict";
import { test } from "node:test";
import { quotable } from "../../src/proxy/quotable.ts";

test("quotable() hides secrets whole, cut off and long", () => {
  assert.equal(quotable("a secret b secret", ["secret"], 100), "a *** b ***");
  assert.equal(quotable("secretly", ["secret", "secretly"], 100), "***");
  // Cut off at the end of what came, or by the limit.
  assert.equal(quotable("a secr", ["secret"], 100), "a ***");
  assert.equal(quotable("a sec", ["secret"], 100), "a sec");
  assert.equal(quotable("a secret b", ["secret"], 4), "a ***");
  const long = Array.from({ length: 30 }, (_, index) => `part${index}`).join("");
  assert.equal(quotable(`a ${long} b`, [long], 200), "a *** b");
  assert.equal(quotable(`a ${long.slice(0, 80)} b`, [long], 200), "a *** b");
  assert.equal(quotable("", ["secret"], 10), "");
});
