import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemDialer } from "../../../adapters/system.ts";
import { deriveConn } from "../../../src/conn/derive_conn.ts";
import type { ContextDialer, DialOptions } from "../../../src/core/dialer.ts";
import { type ProxyProtocolOptions, withProxyProtocol } from "../../../src/proxy/mod.ts";
import { abortAtEvents, type AbortedDial } from "../../../src/testing/abort_at_events.ts";
import { loopbackPeers } from "../../../src/testing/mod.ts";
import { readExactly } from "../../../src/testing/read_all.ts";
import { rejectionOf } from "../../../src/testing/reason_of.ts";
import { failureOf } from "../../fakes/proxy/dial_outcome.ts";
import { dialerOf } from "../../fakes/dialer_of.ts";

const client = { transport: "tcp", hostname: "192.0.2.7", port: 51234 } as const;
const front = { transport: "tcp", hostname: "192.0.2.1", port: 443 } as const;

/** Checks what the peer gets first, by the ports of both ends. */
async function assertHeader(
  options: ProxyProtocolOptions,
  expected: (localPort: number, peerPort: number) => string,
): Promise<void> {
  const listener = await loopbackPeers().listen("tcp");
  const dialer = withProxyProtocol(systemDialer(), options);
  const conn = await dialer.dialContext("tcp", listener.address);
  const peer = await listener.accept();
  await conn.write(new TextEncoder().encode("then this"));
  const { localAddr, remoteAddr } = conn;
  assert.ok(localAddr.transport === "tcp" && remoteAddr.transport === "tcp");
  const all = `${expected(localAddr.port, remoteAddr.port)}then this`;
  assert.equal(String.fromCharCode(...await readExactly(peer, all.length)), all);
  const steps = conn.report.children.map(({ kind, outcome }) => `${kind} ${outcome}`);
  assert.deepEqual(steps, ["dial ok", "handshake ok"]);
  conn.close();
  await listener.close();
}

test("withProxyProtocol() begins with a line of text that tells the connection's own ends, or others", async () => {
  await assertHeader(
    { version: 1 },
    (from, to) => `PROXY TCP4 127.0.0.1 127.0.0.1 ${from} ${to}\r\n`,
  );
  await assertHeader(
    { version: 1, source: client },
    (_, to) => `PROXY TCP4 192.0.2.7 127.0.0.1 51234 ${to}\r\n`,
  );
  await assertHeader(
    { version: 1, source: client, destination: front },
    () => "PROXY TCP4 192.0.2.7 192.0.2.1 51234 443\r\n",
  );
  await assertHeader({ version: 1, local: true }, () => "PROXY UNKNOWN\r\n");
});

test("withProxyProtocol() begins with a binary header of version 2, with its TLVs", async () => {
  const signature = "\r\n\r\n\0\r\nQUIT\n";
  const body = "\xc0\x00\x02\x07\xc0\x00\x02\x01\xc8\x22\x01\xbb";
  await assertHeader(
    { version: 2, source: client, destination: front },
    () => `${signature}\x21\x11\0\x0c${body}`,
  );
  const tlvs = [{ type: 2, value: new TextEncoder().encode("peer.example") }];
  await assertHeader(
    { version: 2, source: client, destination: front, tlvs },
    () => `${signature}\x21\x11\0\x1b${body}\x02\0\x0cpeer.example`,
  );
  await assertHeader({ version: 2, local: true }, () => `${signature}\x20\0\0\0`);
});

test("withProxyProtocol() tells a unix socket's ends in version 2", async () => {
  const directory = mkdtempSync(join(tmpdir(), "anydial-proxy-"));
  const listener = await loopbackPeers().listen("unix");
  const dialer = withProxyProtocol(systemDialer(), { version: 2 });
  const conn = await dialer.dialContext("unix", listener.address);
  const bytes = await readExactly(await listener.accept(), 16 + 216);
  assert.deepEqual([...bytes.subarray(12, 16)], [0x21, 0x31, 0, 216]);
  const destination = String.fromCharCode(...bytes.subarray(16 + 108)).replace(/\0+$/, "");
  assert.equal(destination, listener.address);
  conn.close();
  await listener.close();
  rmSync(directory, { recursive: true });
});

test("withProxyProtocol() fails where an end is no address, and frees the connection", async () => {
  const listener = await loopbackPeers().listen("tcp");
  const system = systemDialer();
  const proxied = dialerOf(async (network, address, options) =>
    deriveConn(await system.dialContext(network, address, options), {
      remoteAddr: { transport: "tcp", hostname: "peer.example", port: 9 },
    })
  );
  const error = await failureOf(withProxyProtocol(proxied, { version: 1 }), listener.address);
  assert.equal(error.code, "ERR_DIAL_ADDRESS");
  assert.match(error.message, /cannot send the PROXY header: "peer\.example" is not an IP address/);
  const peer = await listener.accept();
  await peer.read(new Uint8Array(1)).then((count) => assert.equal(count, null), () => {});
  await listener.close();
});

test("withProxyProtocol() tells of a failed dial as it is", async () => {
  const error = await failureOf(withProxyProtocol(systemDialer(), { version: 2 }), "127.0.0.1:1");
  assert.deepEqual([error.code, error.phase], ["ECONNREFUSED", "connect"]);
  assert.equal(error.message, "Cannot dial tcp 127.0.0.1:1: connection refused");
  assert.equal(error.report.children[0]!.kind, "dial");
});

test("withProxyProtocol() ends with the reason of an abort at every event", async () => {
  const listener = await loopbackPeers().listen("tcp");
  const dialer = withProxyProtocol(systemDialer(), { version: 1 });
  const dial = (options: DialOptions) => dialer.dialContext("tcp", listener.address, options);
  const check = ({ reason, ended, outcome }: AbortedDial) =>
    assert.equal(outcome, ended ? undefined : reason);
  await abortAtEvents(dial, check, 50);
  assert.equal(
    await rejectionOf(dialer.dialContext("tcp", "127.0.0.1:1", { signal: AbortSignal.abort(0) })),
    0,
  );
  await listener.close();
});

test("withProxyProtocol() refuses unusable options by name", () => {
  const dialer: ContextDialer = systemDialer();
  for (
    const [options, message] of [
      [{ version: 3 }, /^version must be 1 or 2$/],
      [{ version: 1, tlvs: [{ type: 1, value: new Uint8Array(1) }] }, /version 1 .* has no TLVs/],
      [{ version: 2, tlvs: [{ type: 256, value: new Uint8Array(1) }] }, /TLV type 256/],
      [
        { version: 2, source: { ...client, hostname: "peer.example" } },
        /"peer\.example" is not an IP/,
      ],
      [
        { version: 2, source: client, destination: { transport: "unix", path: "/x" } },
        /cannot join/,
      ],
      [{ version: 2, source: client, local: true }, /local has no source/],
    ] as const
  ) {
    assert.throws(() => withProxyProtocol(dialer, options as never), (error: Error) => {
      assert.ok(error instanceof TypeError || error instanceof RangeError);
      return message.test(error.message);
    }, message.source);
  }
  assert.throws(() => withProxyProtocol({} as ContextDialer, { version: 1 }), TypeError);
});
