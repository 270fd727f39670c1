import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesNoProxy, parseNoProxy } from "../../../src/proxy/env/no_proxy.ts";

function matches(list: string, target: string): boolean {
  const [, host, port] = /^(.*?)(?:#([0-9]+))?$/.exec(target)!;
  return matchesNoProxy(parseNoProxy(list), host!, Number(port ?? 443));
}

test("NO_PROXY rules hold for what they name", () => {
  const cases: [list: string, target: string][] = [
    ["*", "anything.example"],
    ["*", "192.0.2.1"],
    ["a.example,*", "b.example"],
    ["peer.example", "peer.example"],
    ["peer.example", "PEER.Example"],
    ["PEER.example", "peer.example"],
    ["peer.example", "peer.example."],
    ["peer.example.", "peer.example"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["xn--bcher-kva.example", "BÜCHER.example"],
    [".peer.example", "a.peer.example"],
    [".peer.example", "a.b.peer.example"],
    ["*.peer.example", "a.b.PEER.example."],
    ["localhost", "localhost"],
    ["192.0.2.1", "192.0.2.1"],
    ["192.0.2.1", "::ffff:192.0.2.1"],
    ["192.0.2.1", "::ffff:c000:201"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8::1", "2001:DB8:0:0::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["fe80::1", "fe80::1%eth0"],
    ["10.0.0.0/8", "10.255.255.255"],
    ["10.1.2.3/8", "10.255.255.255"],
    ["0.0.0.0/0", "192.0.2.1"],
    ["192.0.2.1/32", "192.0.2.1"],
    ["10.0.0.0/8", "::ffff:10.1.2.3"],
    ["::ffff:10.0.0.0/104", "10.1.2.3"],
    ["::ffff:0:0/96", "10.1.2.3"],
    ["::ffff:0:0/95", "::fffe:0:1"],
    ["fd00::/8", "fdff::1"],
    ["::/0", "2001:db8::1"],
    ["2001:db8::/33", "2001:db8:7fff::"],
    ["172.17.*", "172.17.255.1"],
    ["172.17.*.*", "172.17.0.1"],
    ["10.*", "10.255.0.1"],
    ["10.*.*.*", "::ffff:10.1.2.3"],
    ["192.168.1.*", "192.168.1.77"],
    ["192.168.1.*:8080", "192.168.1.77#8080"],
    ["2001:db8:*", "2001:db8:ffff::1"],
    ["fd00:*:*:*:*:*:*:*", "fd00:1::"],
    ["0:0:0:0:0:ffff:*", "192.0.2.1"],
    ["10.0.0.0/255.0.0.0", "10.1.2.3"],
    ["10.0.0.0/255.255.255.255", "10.0.0.0"],
    ["2001:db8::/ffff:ffff::", "2001:db8:1::"],
    ["peer.example:443", "peer.example#443"],
    [".peer.example:443", "a.peer.example#443"],
    ["*:443", "a.example#443"],
    ["192.0.2.1:443", "192.0.2.1#443"],
    ["[2001:db8::1]:443", "2001:db8::1#443"],
    ["a.example, peer.example", "peer.example"],
    ["a.example peer.example", "peer.example"],
    [" ,\t,peer.example,\n", "peer.example"],
  ];
  for (const [list, target] of cases) {
    assert.equal(matches(list, target), true, `${list} ${target}`);
  }
});

test("NO_PROXY rules hold for nothing else", () => {
  const cases: [list: string, target: string][] = [
    ["", "localhost"],
    [",", "127.0.0.1"],
    ["peer.example", "a.peer.example"],
    ["peer.example", "otherpeer.example"],
    ["peer.example", "peer.example.org"],
    [".peer.example", "peer.example"],
    ["*.peer.example", "peer.example"],
    [".peer.example", "otherpeer.example"],
    ["192.0.2.1", "192.0.2.10"],
    ["10.0.0.0/8", "11.0.0.0"],
    ["10.0.0.0/8", "10.example"],
    ["::/0", "192.0.2.1"],
    // Not an IPv4-mapped address, though ipaddr.js takes it for one.
    ["::192.0.2.1", "192.0.2.1"],
    ["::ffff:0:0/95", "192.0.2.1"],
    ["0.0.0.0/0", "2001:db8::1"],
    ["::ffff:10.0.0.0/104", "11.0.0.1"],
    ["2001:db8::/33", "2001:db8:8000::"],
    ["fd00::/8", "fe00::1"],
    ["172.17.*", "172.18.0.1"],
    ["172.17.*", "172.17.example"],
    ["172.17.*.*", "172.170.0.1"],
    ["10.*", "100.1.2.3"],
    ["192.168.1.*", "192.168.10.1"],
    ["192.168.1.*:8080", "192.168.1.77#80"],
    ["2001:db8:*", "2001:db80::1"],
    ["0:*", "192.0.2.1"],
    ["10.0.0.0/255.255.0.0", "10.1.2.3"],
    ["127.0.0.1", "localhost"],
    ["localhost", "127.0.0.1"],
    ["peer.example:443", "peer.example#80"],
    ["*:443", "a.example#80"],
    ["[2001:db8::1]:443", "2001:db8::1#444"],
  ];
  for (const [list, target] of cases) {
    assert.equal(matches(list, target), false, `${list} ${target}`);
  }
});

test("parseNoProxy() refuses a mask that is none, and a range that may mean several", () => {
  for (const entry of ["10.0.0.0/255.0.255.0", "10.0.0.0/ff::", "::/255.0.0.0", "fd00::*"]) {
    assert.throws(() => parseNoProxy(entry), /is neither .* nor a CIDR range; write /, entry);
  }
});

test("parseNoProxy() refuses an entry that it cannot read, and quotes it", () => {
  const entries = [
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "10.0.0.0/8:80",
    "10/8",
    "::/129",
    "peer.example/8",
    "10.*.1.*",
    "*.10",
    "256.*",
    "10.1*",
    "1.2.3.4.*",
    "1.2.*.*.*",
    "010.*",
    "10.*/8",
    "a.*.example",
    "*.",
    ".",
    "**",
    "[::1",
    "::1]:80",
    "[peer.example]",
    "peer.example:",
    "peer.example:http",
    "peer.example:0",
    "peer.example:65536",
    "http://peer.example",
    "127.1",
    "<local>",
  ];
  for (const entry of entries) {
    assert.throws(() => parseNoProxy(`a.example,${entry},b.example`), (error) => {
      assert.ok(error instanceof TypeError);
      // What stands in the place of a port or a path may be a secret.
      const shown = entry.replace(/:(http|65536)$/, ":***").replace(/\/(-1|8:80)$/, "/…")
        .replace("::1]:80", ":***");
      assert.ok(
        error.message.startsWith(`Cannot read NO_PROXY: ${JSON.stringify(shown)} is neither`),
        entry,
      );
      assert.match(error.message, /; write peer\.example, .* 192\.0\.2\.0\/24, .* or \*$/);
      return true;
    }, entry);
  }
});
