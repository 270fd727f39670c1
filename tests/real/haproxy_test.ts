import assert from "node:assert/strict";
import { test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import type { TcpAddr } from "../../src/core/addr.ts";
import { splitHostPort } from "../../src/core/host_port.ts";
import { type ProxyProtocolOptions, withProxyProtocol } from "../../src/proxy/mod.ts";
import { bytesOf, readText } from "../../src/testing/read_all.ts";
import { haproxyMissing, startHaproxy } from "../peers/haproxy.ts";
import { realProxyTests } from "./real_proxy_tests.ts";
import { within } from "./within.ts";

const options = haproxyMissing === undefined ? {} : { skip: haproxyMissing };

for (const version of [1, 2] as const) {
  realProxyTests({
    name: `HAProxy behind a PROXY header of version ${version}`,
    missing: haproxyMissing,
    start: startHaproxy,
    // It goes where the header says.
    dialer: ({ address }) => ({
      dialContext(network, target, dialOptions) {
        const { host, port } = splitHostPort(target);
        const destination: TcpAddr = { transport: "tcp", hostname: host, port };
        const dialer = withProxyProtocol(systemDialer(), { version, destination });
        return dialer.dialContext(network, address, dialOptions);
      },
    }),
    answerAfterHalfClose: "arrives",
  });
}

const tcp = (hostname: string, port: number): TcpAddr => ({ transport: "tcp", hostname, port });

test("HAProxy reads what withProxyProtocol() writes", options, async () => {
  const server = await startHaproxy();
  try {
    for (const version of [1, 2] as const) {
      const v4 = { source: tcp("192.0.2.7", 51234), destination: tcp("198.51.100.1", 443) };
      const said = await echoed(server.echoAddress, { version, ...v4 });
      assert.equal(said.text, "192.0.2.7:51234 198.51.100.1:443  ");
      const v6 = { source: tcp("2001:db8::7", 51234), destination: tcp("2001:db8::1", 443) };
      const said6 = await echoed(server.echoAddress, { version, ...v6 });
      assert.equal(said6.text, "2001:db8::7:51234 2001:db8::1:443  ");
      // By default, and of what says nothing, its own ends.
      for (const local of [false, true]) {
        const own = await echoed(server.echoAddress, { version, local });
        assert.equal(own.text, `${own.localAddress} ${server.echoAddress}  `);
      }
    }
  } finally {
    await server.stop();
  }
});

test("HAProxy reads the additional fields of version 2", options, async () => {
  const server = await startHaproxy();
  try {
    const tlvs = [
      { type: 0x02, value: bytesOf("peer.example") },
      { type: 0x05, value: bytesOf("id-7") },
      // PP2_TYPE_NOOP, as long as it gets.
      { type: 0x04, value: new Uint8Array(1_000) },
    ];
    const { text } = await echoed(server.echoAddress, { version: 2, tlvs });
    assert.match(text, / peer\.example id-7$/);
  } finally {
    await server.stop();
  }
});

async function echoed(
  address: string,
  options: ProxyProtocolOptions,
): Promise<{ text: string; localAddress: string }> {
  const conn = await withProxyProtocol(systemDialer(), options).dialContext("tcp", address);
  try {
    const { hostname, port } = conn.localAddr as TcpAddr;
    await conn.write(bytesOf("GET / HTTP/1.0\r\n\r\n"));
    const response = await within("the echo", readText(conn));
    assert.match(response, /^HTTP\/1\.[01] 200 /);
    return {
      text: response.slice(response.indexOf("\r\n\r\n") + 4),
      localAddress: `${hostname}:${port}`,
    };
  } finally {
    conn.close();
  }
}
