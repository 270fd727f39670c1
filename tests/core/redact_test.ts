import assert from "node:assert/strict";
import { test } from "node:test";
import { redacted, shownAddress, shownNetwork } from "../../src/core/redact.ts";

for (
  const [text, shown = text] of [
    ["peer.example:4001"],
    ["localhost"],
    [""],
    [":1"],
    ["h:"],
    ["[::1]:80"],
    ["[fe80::1%eth0]:4001"],
    ["[fe80::1%eth0"],
    ["::1"],
    ["fe80::1%lo0:80"],
    ["2001:db8:0:0:0:0:0:1"],
    ["10.0.0.0/8"],
    ["::/129"],
    ["http://peer.example/"],
    ["user:s3cr3t@h:1", "***@h:1"],
    ["a:b@c@h:80", "***@h:80"],
    ["socks5h://u:s3cr3t@h:1080", "socks5h://***@h:1080"],
    ["http://h/s3cr3t", "http://h/…"],
    ["h?token=s3cr3t", "h/…"],
    ["alice:s3cr3t", "alice:***"],
    ["alice:7391846205", "alice:***"],
    ["alice:73918", "alice:***"],
    ["alice:s3cr3t:80", "alice:***"],
    ["[alice:s3cr3t]:80", "[alice:***]:80"],
    ["[::1]:s3cr3t", "[::1]:***"],
    ["[u:s3cr3t@h]:80", "***@h]:80"],
    ["bob::s3cr3t", "bob:***"],
    ["u\n:s3cr3t\n@h", "***@h"],
  ] as const
) {
  test(`redacted() shows ${JSON.stringify(text)} as ${JSON.stringify(shown)}`, () => {
    assert.equal(redacted(text), shown);
    // What is shown is hidden no further.
    assert.equal(redacted(shown), shown);
    if (!text.startsWith("/")) assert.equal(shownAddress("tcp", text), shown);
  });
}

test("shownAddress() leaves paths and multiaddrs as they are, user info apart", () => {
  for (
    const [network, address, shown = address] of [
      ["unix", "/run/user@1000/socket"],
      ["unix", "@abstract"],
      ["unix", "a:b"],
      ["unix", "http://u:s3cr3t@h", "http://***@h"],
      ["tcp", "/dns4/peer.example/tcp/4001/p2p/Qm"],
      ["tcp", "/unix/run%2Fuser@1000"],
      ["tcp", "/dns4/u:s3cr3t@h/tcp/1", "/dns4/***@h/tcp/1"],
      ["tcp4", "127.0.0.1:40001"],
      ["tcp", undefined, "undefined"],
      ["tcp", { toString: () => "s3cr3t" }, "an object"],
    ] as const
  ) {
    assert.equal(shownAddress(network, address), shown);
  }
});

test("shownNetwork() shows what can be meant as a network", () => {
  for (const network of ["tcp", "tcp4", "unix", "udp"]) {
    assert.equal(shownNetwork(network), network);
  }
  for (const network of ["s3cr3t", "u:p@h", "", undefined, { toString: () => "tcp" }]) {
    assert.equal(shownNetwork(network), "***");
  }
});
