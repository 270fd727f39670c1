import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { crlfEncoder } from "../../src/cli/crlf.ts";
import { ca } from "../certs/certificates.ts";
import { listenTls } from "../tls/tls_peers.ts";
import { assertOneLine, runCli, startCli } from "./cli_process.ts";

test("dial --tls --crlf sends lines over TLS to a peer of the given authority", async () => {
  const peer = await listenTls();
  const args = ["--tls", "--tls-ca", ca.certFile, "--tls-name", "localhost", "--crlf"];
  const { child, result } = startCli(["dial", ...args, peer.address]);
  child.stdin.end("a\nb\r\n");
  const conn = await peer.accept();
  let text = "";
  const buffer = new Uint8Array(64);
  for (let count; (count = await conn.read(buffer)) !== null;) {
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  assert.equal(text, "a\r\nb\r\n");
  await conn.write(new TextEncoder().encode("answer"));
  await conn.closeWrite();
  const { code, stdout, stderr } = await result;
  assert.deepEqual([code, new TextDecoder().decode(stdout), stderr], [0, "answer", ""]);
  await peer.close();
});

test("probe --tls fails for another name, and for an authority that is not trusted", async () => {
  const peer = await listenTls();
  const named = ["--tls-ca", ca.certFile, "--tls-name", "other.example"];
  for (const [args, reason] of [[named, /other\.example/], [[], /certificate/]] as const) {
    const { code, stderr } = await runCli("probe", "--tls", ...args, peer.address);
    assert.equal(code, 1);
    assertOneLine(stderr, reason);
  }
  await peer.close();
});

test("crlfEncoder() leaves a CRLF as it is, at every split", () => {
  const input = new TextEncoder().encode("a\r\n\nb\n\r");
  for (let at = 0; at <= input.length; at++) {
    const encode = crlfEncoder();
    const parts = [encode(input.subarray(0, at)), encode(input.subarray(at))];
    assert.equal(Buffer.concat(parts).toString(), "a\r\n\r\nb\r\n\r");
  }
});
