import assert from "node:assert/strict";
import { test } from "node:test";
import { asciiName, certificateName } from "../../src/ip/host_name.ts";

test("asciiName() leaves ASCII names as they are", () => {
  assert.equal(asciiName("Peer.Example"), "Peer.Example");
  assert.equal(asciiName("Peer.Example."), "Peer.Example.");
  assert.equal(asciiName("xn--a"), "xn--a");
  assert.equal(asciiName("a b"), undefined);
});

test("asciiName() makes A-labels of Unicode names, and addresses of none", () => {
  assert.equal(asciiName("Bücher.Example"), "xn--bcher-kva.example");
  assert.equal(asciiName("bücher。example."), "xn--bcher-kva.example.");
  assert.equal(asciiName("ⓛocalhost"), "localhost");
  for (const host of ["１２７.0.0.1", "１２７.1", "bücher.1", "bücher:1", "ü@x", "a／ü", "ü..x"]) {
    assert.equal(asciiName(host), undefined, host);
  }
});

test("certificateName() is a name without its dot, or an address without its zone", () => {
  const names: Record<string, string | undefined> = {
    "Peer.Example.": "peer.example",
    "bücher.example.": "xn--bcher-kva.example",
    "my_host": "my_host",
    "192.0.2.1": "192.0.2.1",
    "fe80::1%eth0": "fe80::1",
    "127.1": "127.0.0.1",
    "0x7f.1": "127.0.0.1",
    "2130706433": "127.0.0.1",
    "256.1.1.1": undefined,
    "peer.example..": undefined,
    "peer.example:443": undefined,
    "user@peer.example": undefined,
    ".": undefined,
    "": undefined,
  };
  for (const [host, name] of Object.entries(names)) assert.equal(certificateName(host), name, host);
});
