import assert from "node:assert/strict";
import { test } from "node:test";
import { proxyTarget } from "../../../src/proxy/dial/proxy_target.ts";
import { Socks5Codec, type Socks5CodecOptions } from "../../../src/proxy/socks/socks5_codec.ts";
import { encodeSocks5Credentials } from "../../../src/proxy/socks/socks5_request.ts";
import { ascii, drive, driveEverySplit, hex, unhex } from "../../fakes/proxy/drive_handshake.ts";

const target = proxyTarget("192.0.2.1", 4001);
const request = "05010001c00002010fa1";
const credentials = { username: "user", password: "secret" };
const login = "01" + "04" + hex(ascii("user")) + "06" + hex(ascii("secret"));
const bound = "01 00000000 0000";

function codec(options: Partial<Socks5CodecOptions> = {}): Socks5Codec {
  return new Socks5Codec({ target, ...options });
}

test("Socks5Codec sends addresses as addresses and names as names (RFC 1928 §4, §5)", () => {
  const sentFor = (host: string) =>
    drive(codec({ target: proxyTarget(host, 0x1234) }), [unhex("0500")]).sent.slice(
      "050100".length,
    );
  assert.equal(sentFor("192.0.2.1"), "05010001" + "c0000201" + "1234");
  assert.equal(sentFor("2001:db8::1"), "05010004" + "20010db8000000000000000000000001" + "1234");
  assert.equal(sentFor("[2001:db8::1]"), "05010004" + "20010db8000000000000000000000001" + "1234");
  assert.equal(sentFor("peer.example"), "05010003" + "0c" + hex(ascii("peer.example")) + "1234");
  assert.equal(
    sentFor("bücher.example"),
    "05010003" + "15" + hex(ascii("xn--bcher-kva.example")) + "1234",
  );
  const long = "a".repeat(255);
  assert.equal(sentFor(long), "05010003" + "ff" + hex(ascii(long)) + "1234");
});

test("Socks5Codec offers user name and password only when it has them (RFC 1928 §3)", () => {
  assert.equal(drive(codec(), []).sent, "050100");
  assert.equal(drive(codec({ credentials }), []).sent, "05020002");
  assert.equal(drive(codec({ credentials, requireCredentials: true }), []).sent, "050102");
  assert.throws(() => codec({ requireCredentials: true }), /credentials are required/);
});

test("Socks5Codec waits for each answer before it sends on", () => {
  const handshake = codec({ credentials });
  assert.deepEqual(handshake.start(), { state: "open", send: unhex("05020002") });
  assert.equal(handshake.stage, "method");
  assert.deepEqual(handshake.receive(unhex("05")), { state: "open" });
  assert.deepEqual(handshake.receive(unhex("02")), { state: "open", send: unhex(login) });
  assert.equal(handshake.stage, "credentials");
  assert.deepEqual(handshake.receive(unhex("0100")), { state: "open", send: unhex(request) });
  assert.equal(handshake.stage, "reply");
  assert.deepEqual(handshake.receive(unhex("050000")), { state: "open" });
  assert.deepEqual(handshake.receive(unhex(bound)), { state: "done", leftover: new Uint8Array(0) });
  assert.throws(() => handshake.receive(unhex("00")), /is over/);
});

test("Socks5Codec takes nothing for an answer to what it has not sent", () => {
  for (const answer of ["0500 050000" + bound, "0502 0100", "0500 00"]) {
    const { state, failure, sent } = drive(codec({ credentials }), [unhex(answer)]);
    assert.equal(state, "failed");
    assert.equal(failure?.message, "the proxy answered before it was asked");
    assert.equal(sent, "05020002");
  }
});

test("Socks5Codec skips the credentials where the proxy does not ask for them", () => {
  const outcome = drive(codec({ credentials }), [unhex("0500"), unhex("050000" + bound)]);
  assert.equal(outcome.state, "done");
  assert.equal(outcome.sent, "05020002" + request);
});

test("Socks5Codec puts greeting, credentials and request in one flight when pipelined", () => {
  const answer = unhex("0502 0100 050000" + bound);
  const outcome = driveEverySplit(() => codec({ credentials, pipelined: true }), [answer]);
  assert.equal(outcome.state, "done");
  assert.equal(outcome.sent, "050102" + login + request);
  const without = driveEverySplit(() => codec({ pipelined: true }), [
    unhex("0500 050000" + bound),
  ]);
  assert.equal(without.state, "done");
  assert.equal(without.sent, "050100" + request);
});

test("Socks5Codec keeps the tunnel's first bytes at every split, for every type of bound address", () => {
  const bounds = [
    bound,
    "04" + "20010db8".padEnd(32, "0") + "ffff",
    "03" + "00" + "0000",
    "03" + "0b" + hex(ascii("proxy.local")) + "1f90",
    "03" + "ff" + "61".repeat(255) + "0001",
  ];
  for (const pipelined of [false, true]) {
    for (const address of bounds) {
      const answers = ["0502", "0100", "050000" + address + "0500 0001 ff"];
      const flights = (pipelined ? [answers.join("")] : answers).map(unhex);
      const outcome = driveEverySplit(() => codec({ credentials, pipelined }), flights);
      assert.equal(outcome.state, "done");
      assert.equal(outcome.tunnel, "05000001ff");
    }
  }
});

test("Socks5Codec does not mind what stands in the reserved byte", () => {
  assert.equal(drive(codec(), ["0500", "0500ff" + bound].map(unhex)).state, "done");
});

test("Socks5Codec reports an end of the stream at every point as ERR_PROXY_CLOSED", () => {
  const answer = unhex("0502 0100 050000 03 0b" + hex(ascii("proxy.local")) + "1f90");
  const upTo = (length: number) =>
    [[0, 2], [2, 4], [4, 22]].map(([from, to]) => answer.subarray(from, Math.min(to!, length)));
  for (const pipelined of [false, true]) {
    for (const length of answer.keys()) {
      const make = () => codec({ credentials, pipelined });
      const flights = pipelined ? [answer.subarray(0, length)] : upTo(length);
      const { state, failure } = driveEverySplit(make, flights, true);
      assert.equal(state, "failed");
      assert.equal(failure?.code, "ERR_PROXY_CLOSED");
      // What it was asked for last, with nothing answered, may be down.
      assert.equal(failure?.blame, length === 4 ? undefined : "proxy");
      assert.equal(failure?.retrySequentially, pipelined ? true : undefined);
    }
  }
  const messages = [0, 1, 2, 4, 6].map((length) =>
    drive(codec({ credentials }), upTo(length), true).failure?.message
  );
  assert.deepEqual(messages, [
    "proxy closed the connection before it answered the greeting",
    "proxy closed the connection while it answered the greeting",
    "proxy closed the connection before it answered the credentials",
    "proxy closed the connection before it answered the request",
    "proxy closed the connection while it answered the request",
  ]);
});

test("Socks5Codec gives each reply code its own error and blame (RFC 1928 §6, Tor proposal 304)", () => {
  const expected: Record<number, [string, string, string]> = {
    0x01: ["ERR_PROXY_TARGET_FAILED", "target", "0x01 general failure"],
    0x02: ["ERR_PROXY_TARGET_NOT_ALLOWED", "target", "0x02 not allowed by the proxy's rules"],
    0x03: ["ERR_PROXY_TARGET_NET_UNREACHABLE", "target", "0x03 network unreachable"],
    0x04: ["ERR_PROXY_TARGET_HOST_UNREACHABLE", "target", "0x04 host unreachable"],
    0x05: ["ERR_PROXY_TARGET_REFUSED", "target", "0x05 connection refused"],
    0x06: ["ERR_PROXY_TARGET_TIMEOUT", "target", "0x06 TTL expired"],
    0x07: ["ERR_PROXY_COMMAND_UNSUPPORTED", "proxy", "0x07 command not supported"],
    0x08: ["ERR_PROXY_TARGET_ADDRESS_TYPE", "target", "0x08 address type not supported"],
    0xf0: ["ERR_PROXY_ONION_NOT_FOUND", "target", "0xf0 onion service descriptor not found"],
    0xf1: [
      "ERR_PROXY_ONION_INVALID_DESCRIPTOR",
      "target",
      "0xf1 onion service descriptor is invalid",
    ],
    0xf2: ["ERR_PROXY_ONION_INTRO_FAILED", "target", "0xf2 onion service introduction failed"],
    0xf3: ["ERR_PROXY_ONION_RENDEZVOUS_FAILED", "target", "0xf3 onion service rendezvous failed"],
    0xf4: [
      "ERR_PROXY_ONION_AUTH_REQUIRED",
      "target",
      "0xf4 onion service wants client authorization",
    ],
    0xf5: [
      "ERR_PROXY_ONION_AUTH_FAILED",
      "target",
      "0xf5 onion service client authorization is wrong",
    ],
    0xf6: ["ERR_PROXY_ONION_INVALID_ADDRESS", "target", "0xf6 onion service address is invalid"],
    0xf7: ["ERR_PROXY_ONION_INTRO_TIMEOUT", "target", "0xf7 onion service introduction timed out"],
  };
  for (let rep = 1; rep <= 0xff; rep++) {
    const unknown = `0x${rep.toString(16).padStart(2, "0")} unassigned reply`;
    const [code, blame, text] = expected[rep] ?? ["ERR_PROXY_REPLY", "proxy", unknown];
    // No more than the code: some servers close after two or four bytes.
    const { state, failure } = drive(codec({ pipelined: true }), [
      unhex("0500 05"),
      Uint8Array.of(rep),
    ]);
    assert.equal(state, "failed");
    assert.deepEqual(failure, {
      code,
      message: `proxy refused (${text})`,
      blame,
      reply: { protocol: "socks5", code: rep },
    });
  }
  assert.equal(
    driveEverySplit(() => codec(), [unhex("0500"), unhex("05050001")], true).failure?.code,
    "ERR_PROXY_TARGET_REFUSED",
  );
});

test("Socks5Codec says what is wrong with the methods (RFC 1928 §3)", () => {
  const failure = (options: Partial<Socks5CodecOptions>, answer: string) =>
    driveEverySplit(() => codec(options), [unhex(answer)]).failure;
  assert.equal(failure({}, "05ff")?.code, "ERR_PROXY_AUTH_REQUIRED");
  assert.equal(failure({ credentials }, "05ff")?.code, "ERR_PROXY_AUTH_UNSUPPORTED");
  assert.equal(failure({ credentials }, "05ff")?.retrySequentially, undefined);
  // Only one method can be offered when pipelined; step by step the proxy may choose to do without.
  assert.equal(failure({ credentials, pipelined: true }, "05ff")?.retrySequentially, true);
  const needed = { credentials, pipelined: true, requireCredentials: true };
  assert.equal(failure(needed, "05ff")?.retrySequentially, undefined);
  assert.equal(failure({ pipelined: true }, "05ff")?.retrySequentially, undefined);
  assert.equal(failure({}, "0502")?.code, "ERR_PROXY_PROTOCOL");
  assert.equal(failure({ credentials }, "0501")?.code, "ERR_PROXY_PROTOCOL");
  assert.equal(
    failure({ credentials, requireCredentials: true }, "0500")?.code,
    "ERR_PROXY_PROTOCOL",
  );
  assert.match(failure({}, "0580")!.message, /chose method 0x80, which it was not offered/);
});

test("Socks5Codec reports refused credentials with their status and never quotes them (RFC 1929 §2)", () => {
  for (const pipelined of [false, true]) {
    const make = () => codec({ credentials, pipelined });
    const { failure } = driveEverySplit(make, [unhex("0502"), unhex("01ff")]);
    assert.deepEqual(failure, {
      code: "ERR_PROXY_AUTH_FAILED",
      message: "proxy refused the credentials (0xff)",
      blame: "proxy",
      reply: { protocol: "socks5", code: 0xff },
    });
  }
  assert.equal(
    drive(codec({ credentials }), ["0502", "0500", "050000" + bound].map(unhex)).state,
    "done",
  );
  assert.equal(
    drive(codec({ credentials }), ["0502", "0000"].map(unhex)).failure?.code,
    "ERR_PROXY_PROTOCOL",
  );
});

test("Socks5Codec takes an answer to pipelined credentials for a choice of them, which Tor leaves out", () => {
  const pipelined = () => codec({ credentials, pipelined: true });
  const tunnel = driveEverySplit(pipelined, [unhex("0100 050000" + bound + "ff")]);
  assert.deepEqual([tunnel.state, tunnel.tunnel], ["done", "ff"]);
  const refused = driveEverySplit(pipelined, [unhex("01ff")]);
  assert.equal(refused.failure?.code, "ERR_PROXY_AUTH_FAILED");
  const early = driveEverySplit(pipelined, [unhex("0100")], true);
  assert.equal(
    early.failure?.message,
    "proxy closed the connection before it answered the request",
  );
  // Where nothing was sent that it could answer, it is no answer.
  for (
    const options of [{ pipelined: true }, { credentials }, {
      credentials,
      requireCredentials: true,
    }]
  ) {
    const { failure } = driveEverySplit(() => codec(options), [unhex("0100")]);
    assert.equal(failure?.code, "ERR_PROXY_PROTOCOL");
  }
});

test("Socks5Codec tells what answers instead of a SOCKS5 proxy", () => {
  const message = (...answers: Uint8Array[]) => {
    const { state, failure } = driveEverySplit(() => codec(), answers);
    assert.equal(state, "failed");
    assert.equal(failure?.code, "ERR_PROXY_PROTOCOL");
    return failure!.message;
  };
  assert.match(
    message(ascii("HTTP/1.1 400 Bad Request\r\n")),
    /answered 0x48; it may be an HTTP server/,
  );
  assert.match(message(ascii("SSH-2.0-OpenSSH_9.2\r\n")), /may be an SSH server/);
  assert.match(message(unhex("005b000000000000")), /answered 0x00$/);
  assert.match(message(unhex("0500"), unhex("0400")), /another version/);
  assert.match(message(unhex("0500"), unhex("050000 02 0000")), /address type 2/);
});

test("Socks5Codec refuses credentials by their bytes, 1 to 255 of them (RFC 1929 §2)", () => {
  const encode = (username: string, password: string) =>
    encodeSocks5Credentials({ username, password });
  assert.equal(hex(encode("é", "p")), "01" + "02c3a9" + "0170");
  assert.equal(encode("u".repeat(255), "é".repeat(127)).length, 3 + 255 + 254);
  assert.throws(
    () => encode("u".repeat(256), "p"),
    /user name of the proxy has 256 bytes, SOCKS5 takes 1 to 255/,
  );
  assert.throws(() => encode("u", "é".repeat(128)), /password of the proxy has 256 bytes/);
  assert.throws(() => encode("", "p"), /user name of the proxy has 0 bytes/);
  assert.throws(() => encode("u", ""), /password of the proxy has 0 bytes/);
  assert.throws(() => encode("u", "\ud800"), /not well-formed/);
  assert.throws(() => encode("u", undefined as unknown as string), TypeError);
});
