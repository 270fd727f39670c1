import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProxyFailure, ProxyReply } from "../../../src/proxy/handshake/proxy_codec.ts";
import { HttpConnectCodec } from "../../../src/proxy/http/http_connect_codec.ts";
import {
  httpConnectHeader,
  type HttpHeaders,
} from "../../../src/proxy/http/http_connect_request.ts";
import { MAX_HEAD_BYTES } from "../../../src/proxy/http/http_head_reader.ts";
import type { ProxyCredentials } from "../../../src/proxy/handshake/proxy_credentials.ts";
import { proxyTarget } from "../../../src/proxy/dial/proxy_target.ts";
import { ascii, drive, driveEverySplit, hex } from "../../fakes/proxy/drive_handshake.ts";

const target = proxyTarget("peer.example", 4001);

function codec(headers?: HttpHeaders, credentials?: ProxyCredentials): HttpConnectCodec {
  return new HttpConnectCodec({ target, header: httpConnectHeader(headers, credentials) });
}

/** Feeds an answer at every split, then the end of the stream. */
function refusal(answer: string, make: () => HttpConnectCodec = codec): ProxyFailure {
  const { state, failure } = driveEverySplit(make, [ascii(answer)], true);
  assert.equal(state, "failed");
  return failure!;
}

function replyOf(failure: ProxyFailure): ProxyReply & { protocol: "http-connect" } {
  assert.equal(failure.reply?.protocol, "http-connect");
  return failure.reply as ProxyReply & { protocol: "http-connect" };
}

test("HttpConnectCodec gets its tunnel at every split, with the tunnel's first bytes kept", () => {
  const heads = [
    "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.0 200 Connection established\r\n\r\n",
    "HTTP/1.1 200\r\n\r\n",
    "HTTP/1.1 200 \r\n\r\n",
    "HTTP/1.1 200 OK\n\n",
    "HTTP/1.1 200 OK\r\nVia: 1.1 proxy\r\nX-Folded: a\r\n\tb\r\nEmpty:\r\nOdd : x\r\n\r\n",
    // RFC 9110 §9.3.6: these mean nothing in a successful answer to CONNECT.
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 299 Whatever\r\n\r\n",
    // RFC 9110 §15.2: any number of interim answers.
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
  ];
  for (const head of heads) {
    for (
      const tunnel of ["", "\r\n\r\n", "HTTP/1.1 407 No\r\n\r\n", "\0\xff5\r\nhello\r\n0\r\n\r\n"]
    ) {
      const outcome = driveEverySplit(codec, [ascii(head + tunnel)]);
      assert.equal(outcome.state, "done", head);
      assert.equal(outcome.tunnel, hex(ascii(tunnel)));
    }
  }
});

test("HttpConnectCodec reports an end of the stream within the head as ERR_PROXY_CLOSED", () => {
  const answer = ascii("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nVia: x\r\n\r\n");
  const interim = answer.indexOf(0x48, 1);
  for (const length of answer.keys()) {
    const { failure } = driveEverySplit(codec, [answer.subarray(0, length)], true);
    assert.equal(failure?.code, "ERR_PROXY_CLOSED");
    // Whether the target is down an interim answer does not tell.
    const unanswered = length === 0 || length === interim;
    assert.match(failure!.message, unanswered ? /before it answered/ : /while it answered/);
    assert.equal(failure!.blame, unanswered ? undefined : "proxy");
  }
});

test("HttpConnectCodec takes nothing else for an answer (RFC 9112 §4, §5)", () => {
  const answers = [
    "\r\nHTTP/1.1 200 OK\r\n\r\n",
    " HTTP/1.1 200 OK\r\n\r\n",
    "http/1.1 200 OK\r\n\r\n",
    "HTTP/2.0 200 OK\r\n\r\n",
    "HTTP/1.10 200 OK\r\n\r\n",
    "HTTP/1.1  200 OK\r\n\r\n",
    "HTTP/1.1\t200 OK\r\n\r\n",
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1 200OK\r\n\r\n",
    "HTTP/1.1 099 Low\r\n\r\n",
    "HTTP/1.1 +20 OK\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\n folded: into nothing\r\n\r\n",
    "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
    "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX: a\r\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
    "HTTP/1.1 200 O\rK\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nSSH-2.0-x\r\n\r\n",
    "SSH-2.0-OpenSSH_9.2\r\n",
    "\x05\xff",
    "\x15\x03\x01\x00\x02\x02\x50",
  ];
  for (const answer of answers) {
    const { failure, state } = driveEverySplit(codec, [ascii(answer)]);
    assert.equal(state, "failed", JSON.stringify(answer));
    assert.equal(failure?.code, "ERR_PROXY_PROTOCOL");
    assert.equal(failure?.blame, "proxy");
  }
});

test("HttpConnectCodec fails at the first byte that is not HTTP's, lest it waits for a stranger", () => {
  assert.equal(drive(codec(), [ascii("\x05")]).failure?.message, "the proxy does not speak HTTP/1");
  assert.equal(drive(codec(), [ascii("HTTP/1")]).state, "open");
  assert.equal(drive(codec(), [ascii("HTTP/2")]).state, "failed");
});

test("HttpConnectCodec bounds the head, interim answers included", () => {
  const fit = (length: number) => `HTTP/1.1 200 OK\r\nX: ${"x".repeat(length - 24)}\r\n\r\n`;
  assert.equal(fit(MAX_HEAD_BYTES).length, MAX_HEAD_BYTES);
  assert.equal(drive(codec(), [ascii(fit(MAX_HEAD_BYTES))]).state, "done");
  const tooLong = [
    fit(MAX_HEAD_BYTES + 1),
    "HTTP/1.1 " + "2".repeat(1_000_000),
    "HTTP/1.1 200 OK\r\n" + "X: y\r\n".repeat(100_000),
    "HTTP/1.1 100 Continue\r\n\r\n".repeat(100_000),
  ];
  for (const answer of tooLong) {
    for (const size of [1000, 65_536, answer.length]) {
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < answer.length; at += size) {
        chunks.push(ascii(answer.slice(at, at + size)));
      }
      const { state, failure, taken } = drive(codec(), chunks);
      assert.equal(state, "failed");
      // A megabyte of status line is refused for its length even though it can never become valid.
      assert.equal(failure?.message, "the proxy's answer has more than 16384 bytes of header");
      assert.ok(taken <= MAX_HEAD_BYTES + size);
    }
  }
});

test("HttpConnectCodec reads the longest head in no time, whatever it is made of", () => {
  const spaces = " ".repeat(MAX_HEAD_BYTES - 100);
  for (
    const line of [
      `a${spaces}b: c`,
      `X: a${spaces}b`,
      `Via: 1.1 x\r\n y${spaces}z`,
      `Proxy-Status: x;${spaces}error`,
      `Proxy-Authenticate: ${spaces}x${spaces.slice(100)}`.slice(0, MAX_HEAD_BYTES - 100),
      `Proxy-Status: ${"; ".repeat(8_000)}`,
    ]
  ) {
    const answer = ascii(`HTTP/1.1 407 No\r\n${line}\r\n\r\n`);
    // A busy machine only ever adds to the millisecond that it takes, so the best of five counts. What is quadratic takes
    // hundreds.
    const times = Array.from({ length: 5 }, () => {
      const begin = performance.now();
      drive(codec(), [answer], true);
      return performance.now() - begin;
    });
    assert.ok(Math.min(...times) < 100, `${times} ms for ${line.slice(0, 20)}…`);
  }
});

test("HttpConnectCodec sends the authority form, with the port and brackets always (RFC 9110 §9.3.6)", () => {
  const sent = (host: string, port: number) =>
    drive(new HttpConnectCodec({ target: proxyTarget(host, port) }), []).sent;
  for (
    const [host, authority] of [
      ["peer.example", "peer.example"],
      ["192.0.2.1", "192.0.2.1"],
      ["2001:db8::1", "[2001:db8::1]"],
      ["[2001:db8::1]", "[2001:db8::1]"],
      ["bücher.example", "xn--bcher-kva.example"],
    ] as const
  ) {
    const expected = `CONNECT ${authority}:443 HTTP/1.1\r\nHost: ${authority}:443\r\n\r\n`;
    assert.equal(sent(host, 443), hex(ascii(expected)));
  }
});

test("HttpConnectCodec sends Basic credentials in UTF-8 and own fields (RFC 7617 §2)", () => {
  const { sent } = drive(
    codec([["X-A", " 1 "], ["X-A", "2"]], { username: "Aladdin", password: "open sésame" }),
    [],
  );
  assert.equal(
    sent,
    hex(ascii(
      "CONNECT peer.example:4001 HTTP/1.1\r\nHost: peer.example:4001\r\nX-A: 1\r\nX-A: 2\r\n" +
        "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHPDqXNhbWU=\r\n\r\n",
    )),
  );
  // The bytes of "à" end with one that looks like a space.
  assert.equal(httpConnectHeader({ "X-B": "\t\xc3\xa0 " }).lines, "X-B: \xc3\xa0\r\n");
  const long = { username: "u".repeat(4000), password: "p".repeat(4000) };
  assert.match(
    httpConnectHeader({}, long).lines,
    /^Proxy-Authorization: Basic [A-Za-z0-9+/=]+\r\n$/,
  );
});

test("httpConnectHeader() lets no header field through that could be a second request", () => {
  const bad: [string, string][] = [
    ["X", "a\r\nHost: evil"],
    ["X", "a\nb"],
    ["X", "a\rb"],
    ["X", "a\0b"],
    ["X", "a\x7f"],
    ["X", "a\u0100"],
    ["X", "a\u2028b"],
    ["X", undefined as unknown as string],
    ["", "a"],
    ["X Y", "a"],
    ["X:", "a"],
    ["X\r\nY", "a"],
    ["Ü", "a"],
    ["Host", "evil.example"],
    ["content-length", "5"],
    ["Transfer-Encoding", "chunked"],
  ];
  for (const [name, value] of bad) {
    assert.throws(
      () => httpConnectHeader([[name, value]]),
      TypeError,
      JSON.stringify([name, value]),
    );
    assert.throws(() => httpConnectHeader({ [name]: value }), TypeError);
  }
  try {
    httpConnectHeader({ "X-Token": "s3cret\n" });
    assert.fail("accepted");
  } catch (error) {
    assert.match(String(error), /the value of header field 1 has/);
    assert.doesNotMatch(String(error), /s3cret/);
  }
});

test("httpConnectHeader() refuses credentials that Basic cannot carry, without quoting them (RFC 7617 §2)", () => {
  const refuse = (username: string, password: string, why: RegExp) =>
    assert.throws(() => httpConnectHeader({}, { username, password }), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, why);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
  refuse("s3cret:x", "y", /has a colon/);
  refuse("s3cret\r\nX", "y", /control character/);
  refuse("x", "s3cret\0", /control character/);
  refuse("x", "s3cret\x80", /control character/);
  refuse("x", "s3cret\ud800", /not well-formed/);
  refuse("x", "s3cret".repeat(2000), /has 12000 bytes/);
  const both = { "Proxy-Authorization": "Bearer x" };
  assert.throws(() => httpConnectHeader(both, { username: "a", password: "b" }), /both/);
  assert.equal(httpConnectHeader({}, { username: "", password: "a:b" }).authenticates, true);
  assert.equal(httpConnectHeader(both).authenticates, true);
  assert.equal(httpConnectHeader({}).authenticates, false);
});

test("HttpConnectCodec keeps status, challenges and a bounded excerpt of a 407 (RFC 9110 §15.5.8)", () => {
  const answer =
    'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="a"\r\n' +
    "proxy-authenticate: Negotiate\r\nContent-Length: 12\r\n\r\n<h1>No</h1>\r\nmore";
  const expected = {
    message: "proxy refused (407 Proxy Authentication Required)",
    blame: "proxy",
    reply: {
      protocol: "http-connect",
      status: 407,
      reason: "Proxy Authentication Required",
      challenges: ['Basic realm="a"', "Negotiate"],
      excerpt: "<h1>No</h1>",
    },
  };
  assert.deepEqual(refusal(answer), { code: "ERR_PROXY_AUTH_REQUIRED", ...expected });
  const make = () => codec({}, { username: "user", password: "wrong" });
  assert.deepEqual(refusal(answer, make), { code: "ERR_PROXY_AUTH_FAILED", ...expected });
});

test("HttpConnectCodec knows a refusal before its body is there, and when the body is complete", () => {
  const head = ascii("HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\n");
  assert.equal(drive(codec(), [head]).state, "failing");
  assert.equal(drive(codec(), [head]).failure?.code, "ERR_PROXY_TARGET_NOT_ALLOWED");
  assert.equal(drive(codec(), [head, ascii("hell")]).state, "failing");
  const complete = drive(codec(), [head, ascii("hell"), ascii("o")]);
  assert.equal(complete.state, "failed");
  assert.equal(replyOf(complete.failure!).excerpt, "hello");
  assert.equal(replyOf(drive(codec(), [head, ascii("he")], true).failure!).excerpt, "he");
  const state = (answer: string) => drive(codec(), [ascii(answer)]).state;
  assert.equal(state("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), "failed");
  assert.equal(state("HTTP/1.1 304 No\r\n\r\n"), "failed");
  assert.equal(state("HTTP/1.0 503 No\r\n\r\n"), "failing");
  assert.equal(
    state("HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"),
    "failing",
  );
  assert.equal(
    state("HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
    "failed",
  );
  assert.equal(
    refusal("HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx").code,
    "ERR_PROXY_TARGET_FAILED",
  );
});

test("HttpConnectCodec bounds and cleans what it quotes", () => {
  const excerpt = (body: string) => replyOf(refusal(`HTTP/1.1 500 No\r\n\r\n${body}`)).excerpt;
  assert.equal(excerpt("a\0\x1b[31mb\r\n\tc\x07  d\x9b"), "a [31mb c d");
  assert.equal(excerpt("\xe2\x80\xaeright to left"), "right to left");
  assert.equal(excerpt("gr\xc3\xbcn \xff"), "grün");
  assert.equal(excerpt("x".repeat(600)).length, 512);
  const chatty = "HTTP/1.1 407 " + "r".repeat(5000) + "\r\n" +
    `Proxy-Authenticate: ${"c".repeat(500)}\r\n`.repeat(20);
  const reply = replyOf(drive(codec(), [ascii(`${chatty}\r\n`)], true).failure!);
  assert.equal(reply.reason.length, 128);
  assert.equal(reply.challenges.length, 8);
  assert.ok(reply.challenges.every((challenge) => challenge.length === 256));
  const endless = drive(codec(), [ascii("HTTP/1.1 500 No\r\n\r\n"), new Uint8Array(100_000)]);
  assert.equal(endless.state, "failed");
});

test("HttpConnectCodec hides its own secrets where the proxy repeats them", () => {
  const make = () =>
    codec({ "X-Token": "Bearer tokentoken" }, { username: "sesame", password: "öffne dich" });
  const basic = "c2VzYW1lOsO2ZmZuZSBkaWNo";
  const echo = `sesame and \xc3\xb6ffne dich and ${basic} and tokentoken`;
  for (const padding of [0, 400, 480, 490, 500, 505]) {
    const body = "-".repeat(padding) + echo;
    const failure = refusal(
      `HTTP/1.1 407 ${echo}\r\nProxy-Authenticate: Basic realm="${echo}"\r\n\r\n${body}`,
      make,
    );
    const shown = JSON.stringify(failure);
    assert.doesNotMatch(shown, /ffne|c2V|token|sesame/, shown);
    assert.equal(failure.message, "proxy refused (407 Proxy Authentication Required)");
    const quotes = /^\*\*\* and \*\*\* and \*\*\* and \*\*\*$/;
    assert.match(replyOf(failure).reason, quotes);
  }
});

test("HttpConnectCodec says the standard phrase of a status, and none where there is none", () => {
  const message = (line: string) => refusal(`HTTP/1.1 ${line}\r\n\r\n`).message;
  assert.equal(message("403 You, alice, may not"), "proxy refused (403 Forbidden)");
  assert.equal(message("502"), "proxy refused (502 Bad Gateway)");
  assert.equal(message("593 DNS lookup failed"), "proxy refused (593)");
});

test("HttpConnectCodec masks no text that happens to have a short secret, and shows none", () => {
  const answer = (text: string) =>
    `HTTP/1.1 407 ${text}\r\nProxy-Authenticate: Basic realm="${text}"\r\n` +
    `Proxy-Authenticate: NTLM\r\n\r\n${text}`;
  for (const password of ["x", "he", "abc"]) {
    const failure = refusal(
      answer(`Proxy of the house: ${password}`),
      () => codec({}, { username: "some body", password }),
    );
    assert.equal(failure.message, "proxy refused (407 Proxy Authentication Required)");
    const { reason, challenges, excerpt } = replyOf(failure);
    assert.deepEqual([reason, challenges, excerpt], ["", ["", "NTLM"], ""]);
  }
  // Where it does not come back, nothing need be hidden.
  const failure = refusal(answer("go away"), () => codec({ "X-Id": "7" }));
  assert.equal(replyOf(failure).excerpt, "go away");
});

test("HttpConnectCodec tells the proxy's faults from the target's", () => {
  const verdict = (status: number, fields = "") => {
    const { code, blame } = refusal(`HTTP/1.1 ${status} No\r\n${fields}Content-Length: 0\r\n\r\n`);
    return `${blame} ${code}`;
  };
  assert.equal(verdict(300), "proxy ERR_PROXY_REPLY");
  assert.equal(verdict(400), "proxy ERR_PROXY_REPLY");
  assert.equal(verdict(403), "target ERR_PROXY_TARGET_NOT_ALLOWED");
  assert.equal(verdict(404), "proxy ERR_PROXY_REPLY");
  assert.equal(verdict(405), "proxy ERR_PROXY_COMMAND_UNSUPPORTED");
  assert.equal(verdict(407), "proxy ERR_PROXY_AUTH_REQUIRED");
  assert.equal(verdict(401), "proxy ERR_PROXY_AUTH_REQUIRED");
  assert.equal(verdict(429), "proxy ERR_PROXY_OVERLOADED");
  assert.equal(verdict(451), "target ERR_PROXY_TARGET_NOT_ALLOWED");
  for (const status of [500, 502, 503, 590, 593, 594, 599]) {
    assert.equal(verdict(status), "target ERR_PROXY_TARGET_FAILED");
  }
  assert.equal(verdict(503, "Retry-After: 5\r\n"), "proxy ERR_PROXY_OVERLOADED");
  assert.equal(verdict(501), "proxy ERR_PROXY_COMMAND_UNSUPPORTED");
  assert.equal(verdict(504), "target ERR_PROXY_TARGET_TIMEOUT");
  assert.equal(verdict(505), "proxy ERR_PROXY_REPLY");
  assert.equal(verdict(999), "proxy ERR_PROXY_REPLY");
});

test("HttpConnectCodec believes a Proxy-Status field (RFC 9209 §2.3)", () => {
  const verdict = (error: string, status = 502) => {
    const field = `Proxy-Status: proxy.example; error=${error}; details="x"`;
    const { code, blame } = refusal(
      `HTTP/1.1 ${status} No\r\n${field}\r\nContent-Length: 0\r\n\r\n`,
    );
    return `${blame} ${code}`;
  };
  assert.equal(verdict("dns_error"), "target ERR_PROXY_TARGET_NOT_FOUND");
  assert.equal(verdict("connection_refused"), "target ERR_PROXY_TARGET_REFUSED");
  assert.equal(verdict("destination_ip_prohibited"), "target ERR_PROXY_TARGET_NOT_ALLOWED");
  assert.equal(verdict("proxy_internal_error"), "proxy ERR_PROXY_REPLY");
  assert.equal(verdict("unheard_of"), "target ERR_PROXY_TARGET_FAILED");
  assert.equal(verdict("connection_refused", 407), "proxy ERR_PROXY_AUTH_REQUIRED");
});
