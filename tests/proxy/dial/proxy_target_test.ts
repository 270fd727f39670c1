import assert from "node:assert/strict";
import { test } from "node:test";
import { proxyTarget } from "../../../src/proxy/dial/proxy_target.ts";

test("proxyTarget() tells addresses from names", () => {
  assert.deepEqual(proxyTarget("192.0.2.1", 80), {
    kind: "ip",
    family: 4,
    host: "192.0.2.1",
    bytes: Uint8Array.of(192, 0, 2, 1),
    port: 80,
  });
  const loopback = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
  for (const host of ["::1", "[::1]"]) {
    assert.deepEqual(proxyTarget(host, 80), {
      kind: "ip",
      family: 6,
      host: "::1",
      bytes: loopback,
      port: 80,
    });
  }
  assert.deepEqual(proxyTarget("::ffff:192.0.2.1", 1), {
    kind: "ip",
    family: 6,
    host: "::ffff:192.0.2.1",
    bytes: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1),
    port: 1,
  });
  assert.deepEqual(proxyTarget("Peer_1.Example.", 65535), {
    kind: "name",
    host: "Peer_1.Example.",
    port: 65535,
  });
});

test("proxyTarget() writes Unicode names in A-labels, the same on every runtime", () => {
  const names: Record<string, string> = {
    "bücher.example": "xn--bcher-kva.example",
    "BÜCHER.example": "xn--bcher-kva.example",
    "日本語.jp": "xn--wgv71a119e.jp",
    "straße.example": "xn--strae-oqa.example",
    "日本語。jp": "xn--wgv71a119e.jp",
    "peer．example": "peer.example",
    "xn--bcher-kva.example": "xn--bcher-kva.example",
  };
  for (const [name, expected] of Object.entries(names)) {
    assert.equal(proxyTarget(name, 1).host, expected);
  }
});

test("proxyTarget() refuses whatever could be more than a name", () => {
  const hosts = [
    "",
    " ",
    "a b",
    "a\0.example",
    "a\r\nX: y",
    "a\nb",
    "a\tb",
    "a:80",
    "a/b",
    "a\\b",
    "a?b",
    "a#b",
    "a@b",
    "a%00b",
    "%41",
    "[a]",
    "[::1",
    "::1]",
    "[]",
    "[[::1]]",
    ".",
    ".a",
    "a..b",
    "*.a",
    "a\u007f",
    "\u00ad",
    "ü b",
    "ü\r\nX: y",
    "ü/b",
    "ü@b",
    "ü:80",
    "ü%00",
    "ü\0",
    "bücher.example\u2028",
    "\ud800ü",
    "a／b",
    "a＠b",
    "a：80",
    "１２７.0.0.1",
    "127.0.0.1．",
  ];
  for (const host of hosts) {
    assert.throws(() => proxyTarget(host, 80), TypeError, JSON.stringify(host));
  }
});

test("proxyTarget() refuses names that some proxies take for an address", () => {
  for (
    const host of [
      "127.1",
      "2130706433",
      "0x7f.1",
      "0x7f000001",
      "010.0.0.1",
      "1.2.3.4.",
      "256.1.1.1",
      "a.0X1f",
    ]
  ) {
    assert.throws(() => proxyTarget(host, 80), /neither a host name nor an IP address/, host);
  }
  assert.equal(proxyTarget("1.example", 80).host, "1.example");
  assert.equal(proxyTarget("0xyz", 80).host, "0xyz");
});

test("proxyTarget() refuses zones, long names and bad ports, and says so", () => {
  assert.throws(
    () => proxyTarget("fe80::1%eth0", 80),
    /the zone in "fe80::1%eth0" means nothing to a proxy/,
  );
  assert.throws(() => proxyTarget("[fe80::1%eth0]", 80), /zone/);
  assert.equal(proxyTarget("a".repeat(255), 80).host.length, 255);
  assert.throws(() => proxyTarget("a".repeat(256), 80), /"a{80}…" is longer than 255 bytes/);
  // The bytes count, not the characters.
  assert.throws(() => proxyTarget(`${"日本.".repeat(40)}jp`, 80), /longer than 255 bytes/);
  for (const port of [0, -1, 65536, 1.5, NaN]) {
    assert.throws(() => proxyTarget("a", port), RangeError);
  }
});
