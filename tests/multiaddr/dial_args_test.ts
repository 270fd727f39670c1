import assert from "node:assert/strict";
import { test } from "node:test";
import { multiaddr } from "@multiformats/multiaddr";
import type { Multiaddr } from "../../mod.ts";
import { dialArgs } from "../../src/multiaddr/mod.ts";

const peer = "12D3KooWSpYwvtSsHyJ3YrHGGJNE7w54Apne9aAyrKJdUQLLSqMd";

for (
  const [ma, network, address] of [
    ["/ip4/192.0.2.1/tcp/4001", "tcp4", "192.0.2.1:4001"],
    ["/ip6/2001:db8::1/tcp/4001", "tcp6", "[2001:db8::1]:4001"],
    ["/ip6zone/eth0/ip6/fe80::1/tcp/1", "tcp6", "[fe80::1%eth0]:1"],
    ["/dns/peer.example/tcp/65535", "tcp", "peer.example:65535"],
    ["/dns4/peer.example/tcp/4001", "tcp4", "peer.example:4001"],
    ["/dns6/peer.example/tcp/4001", "tcp6", "peer.example:4001"],
    ["/unix/%2Frun%2Fa%20peer.sock", "unix", "/run/a peer.sock"],
    ["/unix/peer.sock", "unix", "peer.sock"],
  ] as const
) {
  test(`dialArgs() turns ${ma} into ${network} and an address, with or without a peer id`, () => {
    assert.deepEqual(dialArgs(ma), { network, address });
    assert.deepEqual(dialArgs(multiaddr(ma)), { network, address });
    assert.deepEqual(dialArgs(`${ma}/p2p/${peer}`), { network, address });
    assert.deepEqual(dialArgs(multiaddr(multiaddr(ma).bytes)), { network, address });
  });
}

for (
  const [ma, reason] of [
    ["/ip4/192.0.2.1/udp/4001/quic-v1", /: "udp" is not supported/],
    ["/ip4/192.0.2.1/tcp/4001/ws", /: "ws" after "tcp" is not supported/],
    ["/dns4/peer.example/tcp/443/tls/ws", /: "tls" after "tcp" is not supported/],
    [
      `/ip4/192.0.2.1/tcp/1/p2p/${peer}/p2p-circuit`,
      /: "p2p-circuit" after "p2p" is not supported/,
    ],
    [`/p2p/${peer}`, /: "p2p" is not supported/],
    ["/memory/1", /: "memory" is not supported/],
    ["/dns4/peer.example", /: "tcp" and its port are missing after "dns4"/],
    [`/ip4/192.0.2.1/p2p/${peer}`, /: "tcp" and its port are missing before "p2p"/],
    ["/ip4/192.0.2.1/tcp", /tcp was missing value/],
    ["/ip4/192.0.2.1/tcp/0", /: "tcp" has port 0/],
    ["/tcp/4001", /: "tcp" is not supported/],
    ["/ip6zone/eth0/ip4/192.0.2.1/tcp/1", /: "ip6zone" is not followed by "ip6"/],
    ["/ip6zone/a]b/ip6/fe80::1/tcp/1", /: "ip6zone" has the impossible zone "a\]b"/],
    ["/dns4/a:b/tcp/1", /: "dns4" has the impossible name "a:b"/],
    ["/unix/peer.sock/tcp/1", /: "tcp" after "unix" is not supported/],
    ["/dnsaddr/peer.example", /: "dnsaddr" has to be looked up first/],
    ["/", /: it is empty/],
    ["/nonsense/1", /Protocol nonsense was unknown/],
    ["peer.example:4001", /must start with "\/"/],
  ] as const
) {
  test(`dialArgs() refuses ${ma.replace(peer, "…")} and names the part`, () => {
    const refused = (error: Error) => {
      assert.ok(error instanceof TypeError);
      assert.ok(error.message.startsWith(`Cannot dial multiaddr "${ma}": `), error.message);
      assert.match(error.message, reason);
      return true;
    };
    assert.throws(() => dialArgs(ma), refused);
  });
}

test("dialArgs() refuses what is no multiaddr at all", () => {
  for (const ma of [undefined, null, 1, {}]) {
    assert.throws(() => dialArgs(ma as unknown as Multiaddr), TypeError);
  }
});

test("dialArgs() reads an object of another version of the package by its text", () => {
  const other = {
    [Symbol.for("@multiformats/multiaddr")]: true,
    toString: () => "/ip4/192.0.2.1/tcp/4001",
  };
  assert.equal(dialArgs(other as unknown as Multiaddr).address, "192.0.2.1:4001");
});
