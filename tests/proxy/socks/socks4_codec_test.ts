import assert from "node:assert/strict";
import { test } from "node:test";
import { proxyTarget } from "../../../src/proxy/dial/proxy_target.ts";
import { Socks4Codec } from "../../../src/proxy/socks/socks4_codec.ts";
import { ascii, drive, driveEverySplit, hex, unhex } from "../../fakes/proxy/drive_handshake.ts";

function codec(host = "192.0.2.1", userId?: string): Socks4Codec {
  return new Socks4Codec({ target: proxyTarget(host, 0x1234), userId });
}

test("Socks4Codec sends an address as SOCKS4 and a name as SOCKS4a", () => {
  const sent = (host: string, userId?: string) => drive(codec(host, userId), []).sent;
  assert.equal(sent("192.0.2.1"), "0401" + "1234" + "c0000201" + "00");
  assert.equal(sent("192.0.2.1", "é"), "0401" + "1234" + "c0000201" + "c3a900");
  const name = hex(ascii("peer.example"));
  assert.equal(sent("peer.example"), "0401" + "1234" + "00000001" + "00" + name + "00");
  assert.equal(sent("peer.example", "me"), "0401" + "1234" + "00000001" + "6d6500" + name + "00");
  assert.equal(
    sent("bücher.example"),
    "0401" + "1234" + "00000001" + "00" + hex(ascii("xn--bcher-kva.example")) + "00",
  );
});

test("Socks4Codec refuses what SOCKS4 cannot express", () => {
  assert.throws(
    () => codec("2001:db8::1"),
    /SOCKS4 has no IPv6, so that it cannot reach 2001:db8::1/,
  );
  assert.throws(() => codec("0.0.0.1"), /0\.0\.0\.x announces a name/);
  assert.throws(() => codec("0.0.0.255"), TypeError);
  assert.equal(drive(codec("0.0.0.0"), []).state, "open");
  assert.throws(() => codec("192.0.2.1", "a\0b"), /user id of the proxy has a NUL/);
  assert.throws(() => codec("192.0.2.1", "é".repeat(128)), /user id of the proxy has 256 bytes/);
  assert.equal(drive(codec("192.0.2.1", "u".repeat(255)), []).sent.length, 2 * (8 + 255 + 1));
});

test("Socks4Codec keeps the tunnel's first bytes at every split", () => {
  for (const version of ["00", "04"]) {
    const outcome = driveEverySplit(codec, [unhex(version + "5a 1234 c0000201 005a ff")]);
    assert.equal(outcome.state, "done");
    assert.equal(outcome.tunnel, "005aff");
  }
});

test("Socks4Codec gives each reply code its own error and blame, as soon as it is there", () => {
  const expected: Record<number, [string, string, string]> = {
    0x5b: ["ERR_PROXY_TARGET_FAILED", "target", "0x5b request rejected or failed"],
    0x5c: ["ERR_PROXY_AUTH_FAILED", "proxy", "0x5c the proxy cannot reach identd on this machine"],
    0x5d: ["ERR_PROXY_AUTH_FAILED", "proxy", "0x5d identd reports another user id"],
  };
  for (let code = 0; code <= 0xff; code++) {
    if (code === 0x5a) continue;
    const unknown = `0x${code.toString(16).padStart(2, "0")} unassigned reply`;
    const [errorCode, blame, text] = expected[code] ?? ["ERR_PROXY_REPLY", "proxy", unknown];
    const { state, failure } = drive(codec(), [Uint8Array.of(0, code)]);
    assert.equal(state, "failed");
    assert.deepEqual(failure, {
      code: errorCode,
      message: `proxy refused (${text})`,
      blame,
      reply: { protocol: "socks4", code },
    });
  }
  assert.equal(driveEverySplit(codec, [unhex("005b 0000 00000000")]).failure?.blame, "target");
});

test("Socks4Codec reports an end of the stream at every point as ERR_PROXY_CLOSED", () => {
  const answer = unhex("005a 1234 c0000201");
  for (const length of answer.keys()) {
    const { state, failure } = driveEverySplit(codec, [answer.subarray(0, length)], true);
    assert.equal(state, "failed");
    assert.equal(failure?.code, "ERR_PROXY_CLOSED");
    assert.match(failure!.message, length === 0 ? /before it answered/ : /while it answered/);
    assert.equal(failure!.blame, length === 0 ? undefined : "proxy");
  }
});

test("Socks4Codec tells what answers instead of a SOCKS4 proxy", () => {
  const { failure } = driveEverySplit(codec, [ascii("HTTP/1.0 400 Bad Request\r\n\r\n")]);
  assert.equal(failure?.code, "ERR_PROXY_PROTOCOL");
  assert.match(
    failure!.message,
    /does not speak SOCKS4: it answered 0x48; it may be an HTTP server/,
  );
  assert.equal(drive(codec(), [unhex("05ff")]).failure?.code, "ERR_PROXY_PROTOCOL");
});
