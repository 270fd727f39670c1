import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { isIP } from "node:net";
import type { Addr } from "../../../src/core/addr.ts";
import {
  encodeConnectRequest,
  httpConnectHeader,
} from "../../../src/proxy/http/http_connect_request.ts";
import { encodeProxyProtocolHeader } from "../../../src/proxy/haproxy/proxy_protocol_codec.ts";
import { type ProxyTarget, proxyTarget } from "../../../src/proxy/dial/proxy_target.ts";
import { Socks4Codec } from "../../../src/proxy/socks/socks4_codec.ts";
import { Socks5Codec } from "../../../src/proxy/socks/socks5_codec.ts";
import { encodeSocks5Credentials } from "../../../src/proxy/socks/socks5_request.ts";
import { drive, unhex } from "../../fakes/proxy/drive_handshake.ts";
import { type CodecProperty, holds } from "./codec_property.ts";

const hostPieces = [
  "peer",
  ".",
  "example",
  "xn--",
  "ü",
  "日本",
  "１",
  "127.0.0.1",
  "::1",
  "2001:db8",
  "[",
  "]",
  ":",
  "%",
  "%00",
  "\0",
  "\r\n",
  "\n",
  " ",
  "/",
  "@",
  "／",
  "＠",
  "Host: evil",
  " HTTP/1.1\r\n\r\nGET / ",
  "a".repeat(120),
  "b".repeat(250),
];
const anyText = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ maxLength: 20, unit: "binary" }),
);
const anyHost = fc.oneof(
  fc.array(
    fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...hostPieces) }, {
      weight: 1,
      arbitrary: anyText,
    }),
    {
      maxLength: 6,
    },
  ).map((parts) => parts.join("")),
  fc.ipV4(),
  fc.ipV6(),
  fc.domain(),
);
const anySecret = fc.oneof(
  anyText,
  fc.constantFrom(
    "",
    ":",
    "a:b",
    "x\r\nHost: evil",
    "\0",
    "\xa0padded\xa0",
    "é".repeat(130),
    "p".repeat(255),
    "p".repeat(256),
  ),
);

/** What holds for any target, credential and header field: it is sent as it is and as no more than it is, or refused. */
export const requestProperties: readonly CodecProperty[] = [
  holds(
    "no target becomes anything but one request for that target",
    4,
    fc.tuple(anyHost, fc.integer({ min: -1, max: 65_537 })),
    ([host, port]) => {
      const target = refusedOr(() => proxyTarget(host, port));
      if (target === undefined) return;
      assert.ok(port >= 1 && port <= 65_535);
      assert.match(
        target.host,
        target.kind === "ip" ? /^[0-9a-fA-F.:]+$/ : /^[A-Za-z0-9._-]{1,255}$/,
      );
      assert.equal(target.kind === "ip" ? target.family : 0, isIP(target.host));
      assert.deepEqual(proxyTarget(target.host, port), target);
      checkHttpRequest(target);
      checkSocks5Request(target);
      checkSocks4Request(target);
    },
  ),
  holds(
    "SOCKS5 credentials are sent as they are or refused, and never quoted",
    1,
    fc.tuple(anySecret, anySecret),
    ([username, password]) => {
      const bytes = refusedOr(() => encodeSocks5Credentials({ username, password }), password);
      if (bytes === undefined) return;
      const buffer = Buffer.from(bytes);
      assert.equal(buffer[0], 1);
      const userEnd = 2 + buffer[1]!;
      assert.equal(buffer.toString("utf8", 2, userEnd), username);
      assert.equal(buffer.length, userEnd + 1 + buffer[userEnd]!);
      assert.equal(buffer.toString("utf8", userEnd + 1), password);
      assert.ok(buffer[1]! > 0 && buffer[userEnd]! > 0);
    },
  ),
  holds(
    "HTTP credentials and fields are sent as they are or refused, and never quoted",
    2,
    fc.tuple(anySecret, anySecret, anyText, anySecret),
    ([username, password, name, value]) => {
      const basic = refusedOr(() => httpConnectHeader({}, { username, password }), password);
      if (basic !== undefined) {
        const [, encoded] = /^Proxy-Authorization: Basic ([A-Za-z0-9+/=]*)\r\n$/.exec(basic.lines)!;
        assert.equal(Buffer.from(encoded!, "base64").toString("utf8"), `${username}:${password}`);
      }
      const field = refusedOr(() => httpConnectHeader([[name, value]]), value);
      if (field !== undefined) {
        const request = Buffer.from(encodeConnectRequest(proxyTarget("h", 1), field)).toString(
          "latin1",
        );
        assert.deepEqual(request.split(/\r\n|[\r\n\0]/), [
          "CONNECT h:1 HTTP/1.1",
          "Host: h:1",
          `${name}: ${value.replace(/^[ \t]*(.*?)[ \t]*$/s, "$1")}`,
          "",
          "",
        ]);
      }
    },
  ),
  holds(
    "a PROXY header says where the connection came from and went, and nothing else",
    1,
    fc.tuple(
      fc.oneof(fc.ipV4(), fc.ipV6(), anyHost),
      fc.nat(65_535),
      fc.oneof(fc.ipV4(), fc.ipV6()),
      fc.nat(65_535),
    ),
    ([hostname, port, otherHost, otherPort]) => {
      const source: Addr = { transport: "tcp", hostname, port };
      const destination: Addr = { transport: "tcp", hostname: otherHost, port: otherPort };
      const connection = { source, destination };
      const text = refusedOr(() => encodeProxyProtocolHeader({ version: 1, connection }));
      const binary = refusedOr(() => encodeProxyProtocolHeader({ version: 2, connection }));
      // A zone is left out, if it is what an interface can be called; Node asks that it be a likelier one.
      const literal = hostname.replace(/(?<=:.*)%[^\s/%[\]\p{Cc}]+$/u, "");
      assert.equal(text === undefined, isIP(literal) === 0 || literal.includes("%"));
      if (text === undefined || binary === undefined) return;
      const line = /^PROXY TCP([46]) ([0-9a-f.:]+) ([0-9a-f.:]+) ([0-9]+) ([0-9]+)\r\n$/
        .exec(Buffer.from(text).toString("latin1"));
      const [, family, from, to, ...ports] = line!;
      assert.deepEqual([isIP(from!), isIP(to!)], [Number(family), Number(family)]);
      const sameAs = (written: string, given: string) =>
        isIP(given) !== Number(family) || sameAddress(written, given);
      assert.ok(sameAs(from!, literal) && sameAs(to!, otherHost), line![0]);
      assert.deepEqual(ports, [String(port), String(otherPort)]);
      assert.ok(text.length <= 107);
      assert.equal(binary.length, 16 + binary[14]! * 256 + binary[15]!);
      assert.equal(binary[13], family === "4" ? 0x11 : 0x21);
      assert.deepEqual([...binary.subarray(-4)], [
        port >> 8,
        port & 255,
        otherPort >> 8,
        otherPort & 255,
      ]);
    },
  ),
];

/** Runs what may refuse its input with a TypeError or RangeError, in which no secret may show, and nothing else. */
function refusedOr<T>(make: () => T, secret = ""): T | undefined {
  try {
    return make();
  } catch (error) {
    assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
    // A short one may be in the sentence by chance.
    if (secret.length > 12) assert.ok(!error.message.includes(secret));
    return undefined;
  }
}

function checkHttpRequest(target: ProxyTarget): void {
  const request = Buffer.from(encodeConnectRequest(target, httpConnectHeader())).toString("latin1");
  const host = target.kind === "ip" && target.family === 6 ? `[${target.host}]` : target.host;
  assert.deepEqual(request.split("\r\n"), [
    `CONNECT ${host}:${target.port} HTTP/1.1`,
    `Host: ${host}:${target.port}`,
    "",
    "",
  ]);
}

function checkSocks5Request(target: ProxyTarget): void {
  const bytes = Buffer.from(unhex(drive(new Socks5Codec({ target, pipelined: true }), []).sent))
    .subarray(3);
  assert.deepEqual([...bytes.subarray(0, 3)], [5, 1, 0]);
  const address = bytes.subarray(4, -2);
  if (target.kind === "ip") {
    assert.equal(bytes[3], target.family === 4 ? 1 : 4);
    assert.ok(sameAddress(address, target.host));
  } else {
    assert.equal(bytes[3], 3);
    assert.equal(address[0], address.length - 1);
    assert.equal(address.toString("latin1", 1), target.host);
  }
  assert.equal(bytes.readUInt16BE(bytes.length - 2), target.port);
}

function checkSocks4Request(target: ProxyTarget): void {
  const codec = refusedOr(() => new Socks4Codec({ target, userId: "me" }));
  if (codec === undefined) return assert.equal(target.kind, "ip");
  const bytes = Buffer.from(unhex(drive(codec, []).sent));
  assert.deepEqual([bytes[0], bytes[1], bytes.readUInt16BE(2)], [4, 1, target.port]);
  const named = bytes[4] === 0 && bytes[5] === 0 && bytes[6] === 0 && bytes[7] !== 0;
  assert.equal(named, target.kind === "name");
  const tail = bytes.toString("latin1", 8);
  assert.equal(tail, named ? `me\0${target.host}\0` : "me\0");
}

/** Compares two spellings of an address by a second opinion, the URL parser's. */
function sameAddress(a: string | Uint8Array, b: string): boolean {
  try {
    return new URL(`http://${urlHost(a)}/`).hostname === new URL(`http://${urlHost(b)}/`).hostname;
  } catch {
    // Bun 1.4.5 refuses "::0:0.0.0.0" and its like, which isIP() takes.
    return isIP(b) === 6 && b.includes(".");
  }
}

function urlHost(address: string | Uint8Array): string {
  if (typeof address === "string") return address.includes(":") ? `[${address}]` : address;
  if (address.length === 4) return address.join(".");
  const groups = Array.from(
    { length: 8 },
    (_, index) => (address[2 * index]! * 256 + address[2 * index + 1]!).toString(16),
  );
  return `[${groups.join(":")}]`;
}
