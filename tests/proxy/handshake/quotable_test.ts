import assert from "node:assert/strict";
import { test } from "node:test";
import { byteString } from "../../../src/proxy/http/byte_string.ts";
import { quotable, quoted } from "../../../src/proxy/handshake/quotable.ts";

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

test("quotable() hides secrets in the escapes of HTML, URLs and JSON", () => {
  const secret = `p@ss <&>"'\\/+ é😀!`;
  const bytes = (text: string) => byteString(new TextEncoder().encode(text));
  const html = (char: string) => `&#${char.codePointAt(0)};`;
  const hex = (char: string) => `&#x${char.codePointAt(0)!.toString(16).padStart(6, "0")};`;
  const percent = (byte: string) => `%${byte.charCodeAt(0).toString(16).padStart(2, "0")}`;
  const unicode = (text: string) =>
    text.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const named = (text: string) =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;").replaceAll("'", "&#039;");
  const json = (text: string) => JSON.stringify(text).slice(1, -1);
  const forms: ((text: string) => string)[] = [
    (text) => text,
    named,
    (text) => Array.from(text, html).join(""),
    (text) => Array.from(text, hex).join(""),
    // Squid does it byte by byte.
    (text) => Array.from(bytes(text), html).join(""),
    encodeURIComponent,
    (text) => encodeURIComponent(text).replaceAll("%20", "+").toLowerCase(),
    (text) => Array.from(bytes(text), percent).join(""),
    json,
    (text) => json(text).replaceAll("/", "\\/"),
    unicode,
    // As Go writes JSON for HTML.
    (text) => json(text).replace(/[<>&]/g, unicode),
  ];
  for (const form of forms) {
    const text = bytes(`<b>${form(secret)}</b>`);
    assert.equal(quotable(text, [bytes(secret)], 1_000), "<b>***</b>", text);
    // Cut off anywhere, as soon as the beginning can be recognised.
    for (let end = `<b>${form("p@ss")}`.length; end < text.length - 4; end++) {
      const cut = text.slice(0, end);
      assert.equal(quotable(cut, [bytes(secret)], 1_000), "<b>***", cut);
    }
  }
  assert.equal(quotable("a%20b &amp; c\\n", ["other"], 100), "a%20b &amp; c\\n");
});

test("quotable() leaves out what has a secret of fewer than four characters, however it is escaped", () => {
  for (const text of ["Proxy", "a &#120; b", "a %78 b", "a \\u0078 b"]) {
    assert.equal(quotable(text, ["x"], 100), "", text);
    assert.equal(quotable(text, ["xyzx"], 100), text, text);
  }
  // Characters, not bytes.
  assert.equal(quotable("gr\xc3\xbc\xc3\xbcn", ["\xc3\xbc\xc3\xbc"], 100), "");
  assert.equal(quotable("nothing of it", ["x", ""], 100), "nothing of it");
});

test("quoted() escapes what could rewrite the line, and bounds it", () => {
  assert.equal(quoted("peer.example"), '"peer.example"');
  assert.equal(quoted("a\r\nb"), '"a\\r\\nb"');
  assert.equal(quoted("a\x7f\x9b\u2028\u202e"), '"a\\u{7f}\\u{9b}\\u{2028}\\u{202e}"');
  assert.equal(quoted("x".repeat(1000)).length, 83);
});
