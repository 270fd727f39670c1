import assert from "node:assert/strict";
import { test } from "node:test";
import { joinHostPort, splitHostPort } from "../../mod.ts";

// The table of Go's net package (TestSplitHostPort), without the port names, which are refused here.
const good: [address: string, host: string, port: number][] = [
  ["localhost:80", "localhost", 80],
  ["localhost%lo0:80", "localhost%lo0", 80],
  ["[localhost%lo0]:80", "localhost%lo0", 80],
  ["127.0.0.1:80", "127.0.0.1", 80],
  ["[::1]:80", "::1", 80],
  ["[::1%lo0]:80", "::1%lo0", 80],
  ["[fe80::1%eth0]:4001", "fe80::1%eth0", 4001],
  [":80", "", 80],
  ["[]:80", "", 80],
  ["[::]:0", "::", 0],
  ["golang.org:65535", "golang.org", 65535],
  ["golang.org:080", "golang.org", 80],
];

const bad: [address: string, why: RegExp][] = [
  ["", /missing port/],
  [":", /missing port/],
  ["golang.org", /missing port/],
  ["127.0.0.1", /missing port/],
  ["golang.org:", /missing port/],
  ["[::1]:", /missing port/],
  ["[::1]", /missing port/],
  ["[]", /missing port/],
  ["[::1%lo0]", /missing port/],
  ["[localhost%lo0]", /missing port/],
  ["[::1]80", /missing port after '\]'/],
  ["[foo:bar]baz:80", /missing port after '\]'/],
  ["[foo]bar:baz", /missing port after '\]'/],
  ["::1", /too many colons/],
  ["fe80::1%lo0", /too many colons/],
  ["fe80::1%lo0:80", /too many colons/],
  ["localhost:80:81", /too many colons/],
  ["[::1]:80:81", /too many colons/],
  ["[::1", /missing '\]'/],
  ["[::1:80", /missing '\]'/],
  ["[foo[bar]:80", /unexpected '\['/],
  ["foo[bar:80", /unexpected '\['/],
  ["foo[bar]:80", /unexpected '\['/],
  ["foo]bar:80", /unexpected '\]'/],
  ["localhost:http", /: the port is not a number$/],
  ["localhost:+80", /: the port is not a number$/],
  ["localhost:-1", /: the port is not a number$/],
  ["localhost: 80", /: the port is not a number$/],
  ["localhost:0x50", /: the port is not a number$/],
  ["localhost:8e1", /: the port is not a number$/],
  ["localhost:٨٠", /is not a number/],
  ["localhost:65536", /: the port is not between 0 and 65535$/],
];

for (const [address, host, port] of good) {
  test(`splitHostPort() splits "${address}"`, () => {
    assert.deepEqual(splitHostPort(address), { host, port });
  });
}

for (const [address, why] of bad) {
  test(`splitHostPort() refuses "${address}"`, () => {
    assert.throws(() => splitHostPort(address), (error: Error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, why);
      // What stands in the place of the port may be a password.
      const shown = address.replace(/^(localhost|\[::1\]):(?!$).*/, "$1:***")
        .replace("foo:bar]baz:80", "foo:***]baz:80").replace("[foo]bar:baz", "[foo]bar:***");
      assert.ok(error.message.includes(`"${shown}"`), "the message quotes the address");
      return true;
    });
  });
}

test("joinHostPort() puts what has a colon in brackets", () => {
  assert.equal(joinHostPort("localhost", 80), "localhost:80");
  assert.equal(joinHostPort("127.0.0.1", 80), "127.0.0.1:80");
  assert.equal(joinHostPort("::1", 80), "[::1]:80");
  assert.equal(joinHostPort("fe80::1%eth0", 0), "[fe80::1%eth0]:0");
  assert.equal(joinHostPort("", 65535), ":65535");
});

test("joinHostPort() is what splitHostPort() undoes", () => {
  for (const [, host, port] of good) {
    assert.deepEqual(splitHostPort(joinHostPort(host, port)), { host, port });
  }
});

for (const port of [-1, 65536, 1.5, NaN, Infinity, "80" as unknown as number]) {
  test(`joinHostPort() refuses the port ${JSON.stringify(port)} (${port})`, () => {
    assert.throws(() => joinHostPort("localhost", port), (error: Error) => {
      const shown = typeof port === "number" ? `port ${port} is` : "port a string is";
      assert.ok(error instanceof RangeError && error.message.includes(shown), error.message);
      return true;
    });
  });
}
