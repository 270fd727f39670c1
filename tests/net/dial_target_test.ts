import assert from "node:assert/strict";
import { test } from "node:test";
import type { Network } from "../../src/core/addr.ts";
import { parseDialTarget } from "../../src/net/dial_target.ts";

const bad: [network: string, address: unknown, code: string, reason: string | RegExp][] = [
  ["tcp", undefined, "ERR_DIAL_ADDRESS", "the address is not a string"],
  ["tcp", 80, "ERR_DIAL_ADDRESS", "the address is not a string"],
  ["unix", undefined, "ERR_DIAL_ADDRESS", "the address is not a string"],
  ["unix", "", "ERR_DIAL_ADDRESS", "not a path"],
  ["unix", "\0abstract", "ERR_DIAL_ADDRESS", "not a path"],
  ["unix", `/${"a".repeat(107)}`, "ENAMETOOLONG", "the path is longer than 107 bytes"],
  ["unix", `/${"é".repeat(54)}`, "ENAMETOOLONG", "the path is longer than 107 bytes"],
  ["tcp", 'a": b', "ERR_DIAL_ADDRESS", "the port is not a number"],
  ["tcp", "two\nlines", "ERR_DIAL_ADDRESS", "missing port"],
  ["tcp", "two\nlines:9", "ERR_DIAL_ADDRESS", /neither a name nor an IP address$/],
  ["tcp", "bücher .example:9", "ERR_DIAL_ADDRESS", /neither a name nor an IP address$/],
  ["tcp", "１２７.0.0.1:9", "ERR_DIAL_ADDRESS", /neither a name nor an IP address$/],
  ["tcp6", "[::ffff:192.0.2.1]:9", "ERR_DIAL_ADDRESS", /an IPv4-mapped address .* tcp6$/],
  ["tcp6", "[::FFFF:c000:201]:9", "ERR_DIAL_ADDRESS", /an IPv4-mapped address .* tcp6$/],
  ["__proto__", "a:9", "ERR_DIAL_NETWORK", "unknown network: there are tcp, tcp4, tcp6 and unix"],
];

for (const [network, address, code, reason] of bad) {
  test(`${network} ${JSON.stringify(address)?.slice(0, 30)} is ${code}`, () => {
    const target = parseDialTarget(network as Network, address as string);
    assert.ok("code" in target);
    assert.equal(target.code, code);
    if (typeof reason === "string") assert.equal(target.reason, reason);
    else assert.match(target.reason, reason);
  });
}

test("a path of 107 bytes is dialed, and a pipe of Windows of any length", () => {
  for (const path of [`/${"a".repeat(106)}`, `\\\\.\\pipe\\${"a".repeat(200)}`]) {
    assert.deepEqual(parseDialTarget("unix", path), { kind: "unix", path });
  }
});

test("an IPv4-mapped address is dialed where the family is open", () => {
  const target = parseDialTarget("tcp", "[::ffff:192.0.2.1]:9");
  assert.deepEqual(target, { kind: "literal", host: "::ffff:192.0.2.1", family: 6, port: 9 });
  assert.ok("kind" in parseDialTarget("tcp6", "[2001:db8::ffff:9]:9"));
});

test("a Unicode name becomes A-labels, and any other name stays as it is", () => {
  const names = {
    "bücher.example": "xn--bcher-kva.example",
    "Bücher。Example.": "xn--bcher-kva.example.",
    "Peer.Example.": "Peer.Example.",
    "127.1": "127.1",
    "my_host": "my_host",
  };
  for (const [asked, host] of Object.entries(names)) {
    const target = parseDialTarget("tcp4", `${asked}:9`);
    assert.deepEqual(target, { kind: "name", host, families: [4], port: 9 });
  }
});
