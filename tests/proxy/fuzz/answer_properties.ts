import fc from "fast-check";
import assert from "node:assert/strict";
import type { ProxyCodec } from "../../../src/proxy/handshake/proxy_codec.ts";
import { HttpConnectCodec } from "../../../src/proxy/http/http_connect_codec.ts";
import { httpConnectHeader } from "../../../src/proxy/http/http_connect_request.ts";
import { proxyTarget } from "../../../src/proxy/dial/proxy_target.ts";
import { Socks4Codec } from "../../../src/proxy/socks/socks4_codec.ts";
import { Socks5Codec, type Socks5CodecOptions } from "../../../src/proxy/socks/socks5_codec.ts";
import {
  ascii,
  comparable,
  drive,
  hex,
  type Outcome,
  unhex,
} from "../../fakes/proxy/drive_handshake.ts";
import { almost, chop, chunkSizes, type CodecProperty, holds } from "./codec_property.ts";
import { readHttpAnswer, readSocks4Answer, readSocks5Answer, type Verdict } from "./oracles.ts";

const target = proxyTarget("peer.example", 4001);
const credentials = { username: "user", password: "secret" };
/** No input from a proxy may make more buffer than this. */
const maxBufferBytes = 65_536;

const socks5Pieces = [
  "0500",
  "0502",
  "05ff",
  "0100",
  "0101",
  "0500",
  "050000",
  "01c000020110e1",
  "0420010db8000000000000000000000001ffff",
  "0304706565720050",
  "03000000",
  "05050001",
  "05f0",
  "00",
].map(unhex);

const socks4Pieces = ["005a", "045a", "005b", "005c0000", "c0000201", "0050", "005a0050c0000201"]
  .map(unhex);

const httpPieces = [
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.1 200 OK\r\n\r\n",
  "HTTP/1.0 200 Connection established\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "HTTP/1.1 101 Switching\r\n\r\n",
  'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="x"\r\n',
  "HTTP/1.1 503\r\nContent-Length: 5\r\n\r\n",
  "HTTP/1.1 502 Bad\r\nTransfer-Encoding: chunked\r\n\r\n",
  "Content-Length: 3\r\n",
  "Via: 1.1 x\r\n",
  "X: y\n",
  " folded\r\n",
  "\r\n",
  "\n",
  "\r",
  ":",
  "X\xa0: y\r\n",
  "a\tb",
  "0\r\n\r\n",
].map(ascii);

interface Socks5Case {
  readonly options: Pick<Socks5CodecOptions, "credentials" | "pipelined" | "requireCredentials">;
  readonly offered: readonly number[];
}

const socks5Cases: readonly Socks5Case[] = [
  { options: {}, offered: [0] },
  { options: { pipelined: true }, offered: [0] },
  { options: { credentials }, offered: [0, 2] },
  { options: { credentials, requireCredentials: true }, offered: [2] },
  { options: { credentials, pipelined: true }, offered: [2] },
];

/** What holds for any answer, however it is cut. */
export const answerProperties: readonly CodecProperty[] = [
  holds(
    "Socks5Codec reads an answer as RFC 1928 does, at any split",
    3,
    fc.tuple(fc.constantFrom(...socks5Cases), almost(socks5Pieces), chunkSizes),
    ([{ options, offered }, answer, sizes]) => {
      const make = () => new Socks5Codec({ target, ...options });
      // Step by step, each answer comes after its question; in one flight all may come together.
      const flights = options.pipelined ? [answer] : socks5Flights(answer);
      const outcome = sameAtAnySplit(make, flights, sizes);
      const credentialsSent = options.pipelined === true && options.credentials !== undefined;
      agrees(outcome, readSocks5Answer(answer, offered, credentialsSent));
      if (outcome.state === "done") assert.ok(outcome.sent.endsWith("0fa1"), "no request was sent");
    },
  ),
  holds(
    "Socks5Codec makes no tunnel without a request, whatever comes too early",
    1,
    fc.tuple(fc.constantFrom(...socks5Cases), almost(socks5Pieces), chunkSizes),
    ([{ options }, answer, sizes]) => {
      const outcome = drive(new Socks5Codec({ target, ...options }), chop(answer, sizes));
      bounded(outcome);
      if (outcome.state === "done") assert.ok(outcome.sent.endsWith("0fa1"), "no request was sent");
    },
  ),
  holds(
    "Socks4Codec reads an answer as the memo does, at any split",
    1,
    fc.tuple(almost(socks4Pieces), chunkSizes),
    ([answer, sizes]) =>
      agrees(
        sameAtAnySplit(() => new Socks4Codec({ target }), [answer], sizes),
        readSocks4Answer(answer),
      ),
  ),
  holds(
    "HttpConnectCodec reads an answer as RFC 9112 does, at any split",
    4,
    fc.tuple(almost(httpPieces), chunkSizes),
    ([answer, sizes]) => {
      const make = () => new HttpConnectCodec({ target });
      agrees(sameAtAnySplit(make, [answer], sizes), readHttpAnswer(answer));
    },
  ),
  holds(
    "HttpConnectCodec never shows its credentials, wherever the proxy repeats them",
    1,
    fc.tuple(fc.array(fc.string({ maxLength: 300 }), { maxLength: 5 }), fc.boolean(), chunkSizes),
    ([noise, inReason, sizes]) => {
      const header = httpConnectHeader({ "X-Key": "keykeykey" }, credentials);
      // Without the letters that would make a piece of a secret by chance.
      const echo = noise.map((text) => text.replace(/[^ -~]|[kXr]/g, "")).join(
        "user secret dXNlcjpzZWNyZXQ= keykeykey",
      );
      const answer = inReason
        ? `HTTP/1.1 407 ${echo}\r\nProxy-Authenticate: ${echo}\r\n\r\n`
        : `HTTP/1.1 407 No\r\n\r\n${echo}`;
      const { failure } = drive(
        new HttpConnectCodec({ target, header }),
        chop(ascii(answer), sizes),
        true,
      );
      assert.doesNotMatch(JSON.stringify(failure), /secret|dXNl|keyk/);
    },
  ),
];

/** Where the answers of a proxy end that asks for the credentials only if it wants them. */
function socks5Flights(answer: Uint8Array): Uint8Array[] {
  const cuts = answer[1] === 2 ? [2, 4] : [2];
  return [0, ...cuts].map((from, index) => answer.subarray(from, cuts[index] ?? answer.length));
}

function sameAtAnySplit(
  make: () => ProxyCodec,
  flights: readonly Uint8Array[],
  sizes: readonly number[],
): Outcome {
  const whole = drive(make(), flights);
  const split = drive(make(), flights.flatMap((flight) => chop(flight, sizes)));
  assert.deepEqual(comparable(split), comparable(whole));
  bounded(split);
  const ended = drive(make(), flights, true);
  assert.ok(ended.state === "done" || ended.state === "failed", "an ended stream leaves it open");
  return whole;
}

/** What is kept is no more than what was taken, so that a codec which ends in time is bounded. */
function bounded(outcome: Outcome): void {
  if (outcome.state === "open" || outcome.state === "failing") {
    assert.ok(outcome.taken <= maxBufferBytes);
  }
}

function agrees(outcome: Outcome, verdict: Verdict): void {
  if (verdict.state === "done") {
    assert.equal(outcome.state, "done");
    assert.equal(outcome.tunnel, hex(verdict.tunnel));
  } else if (verdict.state === "refused") {
    const reply = outcome.failure?.reply;
    assert.equal(reply?.protocol === "http-connect" ? reply.status : reply?.code, verdict.code);
  } else {
    assert.notEqual(outcome.state, "done");
    assert.equal(outcome.failure?.reply, undefined);
  }
}
