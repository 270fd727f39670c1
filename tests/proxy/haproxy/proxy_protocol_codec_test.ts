import assert from "node:assert/strict";
import { test } from "node:test";
import type { Addr } from "../../../src/core/addr.ts";
import {
  encodeProxyProtocolHeader,
  type ProxyProtocolTlv,
} from "../../../src/proxy/haproxy/proxy_protocol_codec.ts";
import { ascii, hex } from "../../fakes/proxy/drive_handshake.ts";

const signature = "0d0a0d0a000d0a515549540a";

function tcp(hostname: string, port: number): Addr {
  return { transport: "tcp", hostname, port };
}

function unix(path: string): Addr {
  return { transport: "unix", path };
}

function line(source: Addr, destination: Addr): string {
  const bytes = encodeProxyProtocolHeader({ version: 1, connection: { source, destination } });
  return String.fromCharCode(...bytes);
}

function binary(source: Addr, destination: Addr, tlvs?: ProxyProtocolTlv[]): string {
  return hex(encodeProxyProtocolHeader({ version: 2, connection: { source, destination }, tlvs }));
}

test("encodeProxyProtocolHeader() writes version 1 (proxy-protocol.txt §2.1)", () => {
  assert.equal(
    line(tcp("192.0.2.1", 56324), tcp("192.0.2.2", 443)),
    "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n",
  );
  assert.equal(
    line(tcp("2001:DB8:0::1", 1), tcp("::1", 65535)),
    "PROXY TCP6 2001:db8:0:0:0:0:0:1 0:0:0:0:0:0:0:1 1 65535\r\n",
  );
  assert.equal(line(unix("/a"), unix("/b")), "PROXY UNKNOWN\r\n");
  assert.equal(
    String.fromCharCode(...encodeProxyProtocolHeader({ version: 1 })),
    "PROXY UNKNOWN\r\n",
  );
  const longest = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255";
  assert.ok(line(tcp(longest, 65535), tcp(longest, 65535)).length <= 107);
});

test("encodeProxyProtocolHeader() writes version 2 (proxy-protocol.txt §2.2)", () => {
  assert.equal(
    binary(tcp("192.0.2.1", 0x1234), tcp("192.0.2.2", 443)),
    signature + "21" + "11" + "000c" + "c0000201" + "c0000202" + "1234" + "01bb",
  );
  assert.equal(
    binary(tcp("2001:db8::1", 1), tcp("::1", 2)),
    signature + "21" + "21" + "0024" + "20010db8".padEnd(31, "0") + "1" + "1".padStart(32, "0") +
      "0001" + "0002",
  );
  assert.equal(
    binary(unix("/a"), unix("")),
    signature + "21" + "31" + "00d8" + "2f61".padEnd(216, "0") + "0".repeat(216),
  );
  assert.equal(hex(encodeProxyProtocolHeader({ version: 2 })), signature + "20" + "00" + "0000");
  const tlvs = [{ type: 2, value: ascii("a.b") }, { type: 0xe0, value: new Uint8Array(0) }];
  assert.equal(
    binary(tcp("192.0.2.1", 1), tcp("192.0.2.2", 2), tlvs),
    signature + "21" + "11" + "0015" + "c0000201c0000202" + "00010002" + "020003612e62" + "e00000",
  );
});

test("encodeProxyProtocolHeader() maps IPv4 next to IPv6, and leaves zones out", () => {
  assert.equal(
    line(tcp("192.0.2.1", 1), tcp("fe80::1%eth0", 2)),
    "PROXY TCP6 0:0:0:0:0:ffff:c000:201 fe80:0:0:0:0:0:0:1 1 2\r\n",
  );
  assert.equal(
    binary(tcp("fe80::1%eth0", 1), tcp("192.0.2.1", 2)),
    signature + "21" + "21" + "0024" + "fe80".padEnd(31, "0") + "1" +
      "ffffc0000201".padStart(32, "0") + "0001" + "0002",
  );
});

test("encodeProxyProtocolHeader() refuses what it cannot write", () => {
  const good = tcp("192.0.2.1", 1);
  for (const version of [1, 2] as const) {
    const encode = (source: Addr, destination: Addr) =>
      encodeProxyProtocolHeader({ version, connection: { source, destination } });
    assert.throws(
      () => encode(tcp("peer.example", 1), good),
      /"peer.example" is not an IP address/,
    );
    assert.throws(() => encode(good, tcp("1.2.3.4 5.6.7.8", 1)), TypeError);
    assert.throws(() => encode(good, tcp("192.0.2.1\r\n", 1)), TypeError);
    assert.throws(() => encode(good, tcp("192.0.2.1", 65536)), RangeError);
    assert.throws(() => encode(good, tcp("192.0.2.1", 1.5)), RangeError);
    assert.throws(() => encode(good, unix("/a")), /cannot join a TCP address and a unix path/);
    assert.throws(() => encode(unix("/a"), good), TypeError);
  }
  assert.throws(() => binary(unix("x".repeat(109)), unix("/a")), /longer than 108 bytes/);
  assert.throws(() => encodeProxyProtocolHeader({ version: 3 as 2 }), /no version 3/);
  const tlvs = (...list: ProxyProtocolTlv[]) => () =>
    encodeProxyProtocolHeader({ version: 2, tlvs: list });
  const big = { type: 1, value: new Uint8Array(40_000) };
  assert.throws(tlvs({ type: 256, value: new Uint8Array(0) }), RangeError);
  assert.throws(tlvs({ type: 1, value: new Uint8Array(65_536) }), TypeError);
  assert.throws(tlvs(big, big), /longer than 65535 bytes/);
  assert.throws(() => encodeProxyProtocolHeader({ version: 1, tlvs: [big] }), /no TLVs/);
});
