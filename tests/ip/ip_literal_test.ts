import assert from "node:assert/strict";
import { isIP } from "node:net";
import { test } from "node:test";
import { ipFamily } from "../../src/ip/ip_literal.ts";
import { SeededRandom } from "../../src/testing/seeded_random.ts";

const v4 = ["0.0.0.0", "127.0.0.1", "255.255.255.255", "1.2.3.4", "192.0.2.1"];
const v6 = [
  "::",
  "::1",
  "1::",
  "2001:db8::1",
  "2001:DB8:0:0:8:800:200C:417A",
  "1:2:3:4:5:6:7:8",
  "1:2:3:4:5:6:7::",
  "::2:3:4:5:6:7:8",
  "::ffff:192.0.2.1",
  "1:2:3:4:5:6:1.2.3.4",
  "64:ff9b::192.0.2.33",
  "fe80::1%eth0",
  "fe80::1%25",
  "fe80::1%a.b-c",
];
const neither = [
  "",
  "localhost",
  "1.2.3",
  "1.2.3.4.5",
  "1.2.3.256",
  "1.2.3.04",
  "01.2.3.4",
  "1.2.3.",
  ".1.2.3",
  " 1.2.3.4",
  "0x7f.0.0.1",
  "2130706433",
  ":",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7:8::",
  "::12345",
  "::g",
  "::1.2.3",
  "1.2.3.4::",
  "::1.2.3.4:5",
  "1:2:3:4:5:6:7:1.2.3.4",
  "[::1]",
  "::1%",
  "1.2.3.4%eth0",
];

test("ipFamily() knows IPv4 literals", () => {
  for (const host of v4) assert.equal(ipFamily(host), 4, host);
});

test("ipFamily() knows IPv6 literals, zones included", () => {
  for (const host of v6) assert.equal(ipFamily(host), 6, host);
});

test("ipFamily() takes nothing else", () => {
  for (const host of neither) assert.equal(ipFamily(host), undefined, host);
});

test("ipFamily() agrees with node:net on what may be a literal", () => {
  const random = new SeededRandom();
  const letters = "0125fF:::..%g";
  for (let round = 0; round < 20_000; round++) {
    const length = 1 + random.below(18);
    const host = Array.from({ length }, () => letters[random.below(letters.length)]).join("");
    // What a zone may be called is a matter of taste.
    if (host.includes("%")) continue;
    assert.equal(ipFamily(host) ?? 0, isIP(host), `"${host}" with seed ${random.seed}`);
  }
});
