import assert from "node:assert/strict";
import { test } from "node:test";
import { quotable, quoted } from "../../src/proxy/quotable.ts";

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

test("quoted() escapes what could rewrite the line, and bounds it", () => {
  assert.equal(quoted("peer.example"), '"peer.example"');
  assert.equal(quoted("a\r\nb"), '"a\\r\\nb"');
  assert.equal(quoted("a\x7f\x9b\u2028\u202e"), '"a\\u{7f}\\u{9b}\\u{2028}\\u{202e}"');
  assert.equal(quoted("x".repeat(1000)).length, 83);
});
