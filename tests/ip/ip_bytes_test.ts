import assert from "node:assert/strict";
import { test } from "node:test";
import { inIpRange, ipBytes, unmappedBytes } from "../../src/ip/ip_bytes.ts";

function hex(literal: string): string | undefined {
  const bytes = ipBytes(literal);
  return bytes && Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

test("ipBytes() reads every spelling of an address (RFC 4291 §2.2)", () => {
  const cases: Record<string, string> = {
    "192.0.2.1": "c0000201",
    "::": "0".repeat(32),
    "::1": "0".repeat(31) + "1",
    "1::": "0001" + "0".repeat(28),
    "2001:DB8::a:1": "20010db8" + "0".repeat(16) + "000a0001",
    "1:2:3:4:5:6:7:8": "00010002000300040005000600070008",
    "1:2:3:4:5:6:7::": "00010002000300040005000600070000",
    "::2:3:4:5:6:7:8": "00000002000300040005000600070008",
    "::192.0.2.1": "0".repeat(24) + "c0000201",
    "::ffff:192.0.2.1": "0".repeat(20) + "ffffc0000201",
    "64:ff9b::192.0.2.33": "0064ff9b" + "0".repeat(16) + "c0000221",
    "1:2:3:4:5:6:192.0.2.1": "000100020003000400050006c0000201",
    "fe80::1%eth0": "fe80" + "0".repeat(27) + "1",
  };
  for (const [literal, expected] of Object.entries(cases)) {
    assert.equal(hex(literal), expected, literal);
  }
  for (const other of ["", "peer.example", "1.2.3", "[::1]", ":::", "1:2", "::1%"]) {
    assert.equal(ipBytes(other), undefined, other);
  }
});

test("unmappedBytes() gives the IPv4 address of an IPv4-mapped one, and of no other", () => {
  const unmapped = (literal: string) => unmappedBytes(ipBytes(literal)!).length;
  assert.deepEqual(unmappedBytes(ipBytes("::ffff:192.0.2.1")!), ipBytes("192.0.2.1"));
  assert.equal(unmapped("::192.0.2.1"), 16);
  assert.equal(unmapped("1::ffff:192.0.2.1"), 16);
  assert.equal(unmapped("192.0.2.1"), 4);
});

test("inIpRange() compares the leading bits", () => {
  const within = (literal: string, base: string, bits: number) =>
    inIpRange(ipBytes(literal)!, ipBytes(base)!, bits);
  assert.equal(within("10.255.0.1", "10.0.0.0", 8), true);
  assert.equal(within("11.0.0.0", "10.0.0.0", 8), false);
  assert.equal(within("11.0.0.0", "10.0.0.0", 7), true);
  assert.equal(within("192.0.2.127", "192.0.2.0", 25), true);
  assert.equal(within("192.0.2.128", "192.0.2.0", 25), false);
  assert.equal(within("192.0.2.1", "192.0.2.1", 32), true);
  assert.equal(within("192.0.2.0", "192.0.2.1", 32), false);
  assert.equal(within("192.0.2.0", "10.0.0.0", 0), true);
  assert.equal(within("::1", "::", 127), true);
  assert.equal(within("::1", "::", 128), false);
  assert.equal(within("::1", "0.0.0.0", 0), false);
});
