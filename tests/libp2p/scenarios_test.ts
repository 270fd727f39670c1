import assert from "node:assert/strict";
import { createServer, get } from "node:https";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { multiaddr } from "@multiformats/multiaddr";
import { denoDialer } from "../../adapters/deno/mod.ts";
import { isDialError, systemDialer } from "../../mod.ts";
import { dialReportOf, type TcpOptions } from "../../src/libp2p/mod.ts";
import { formatReport } from "../../src/observe/mod.ts";
import { httpConnectDialer, proxyFromEnv, socks5Dialer } from "../../src/proxy/mod.ts";
import { nodeConnector } from "../../src/stream/mod.ts";
import { ca, server } from "../certs/certificates.ts";
import { startTor, torMissing } from "../peers/tor.ts";
import { FakeHttpProxy } from "../fakes/proxy/fake_http_proxy.ts";
import { FakeSocks5 } from "../fakes/proxy/fake_socks5.ts";
import { startTlsFront } from "../fakes/proxy/tls_front.ts";
import { runtime } from "../runtime.ts";
import { makeNode, type Node, type NodeOptions } from "./nodes/make_node.ts";
import { closing, withConnection } from "./nodes/transport_trial.ts";

// What docs/libp2p.md shows, each with whole nodes.

/** A SOCKS5 proxy that alone knows where names lead, as Tor does. */
class NamingSocks5 extends FakeSocks5 {
  readonly names: Record<string, number> = {};

  protected override reach(client: Socket, host: string, port: number): Promise<Socket | string> {
    const known = this.names[host];
    if (known === undefined) return Promise.resolve("ENOTFOUND");
    return super.reach(client, "127.0.0.1", known || port);
  }
}

interface Listening {
  readonly port: string;
  /** `/p2p/…` */
  readonly peer: string;
}

/** Runs a test with a node that listens. */
async function withListener(run: (listening: Listening) => Promise<void>): Promise<void> {
  const node = await makeNode({ listen: ["/ip4/127.0.0.1/tcp/0"] });
  const [, port, peer] = /tcp\/(\d+)(\/p2p\/\w+)$/.exec(node.getMultiaddrs()[0]!.toString())!;
  try {
    await run({ port: port!, peer: peer! });
  } finally {
    await node.stop();
  }
}

/** Runs a test with a node that dials. */
async function withNode(options: NodeOptions, run: (node: Node) => Promise<void>): Promise<void> {
  const node = await makeNode(options);
  try {
    await run(node);
  } finally {
    await node.stop();
  }
}

/** Dials and pings, and gives the multiaddr of the connection. */
async function talk(node: Node, ma: string): Promise<string> {
  const connection = await node.dial(multiaddr(ma));
  assert.ok(await node.services.ping.ping(connection.remotePeer) >= 0);
  return connection.remoteAddr.toString();
}

const onion = "a".repeat(56);

test("a node reaches an onion service through a proxy that knows it, under credentials that isolate it", async () => {
  await withListener(async ({ port, peer }) => {
    const login = { username: "<torS0X>0", password: "circuit" };
    const proxy = await new NamingSocks5({ login }).listen();
    proxy.names[`${onion}.onion`] = Number(port);
    const dialer = socks5Dialer({ server: proxy.address, isolation: { token: "circuit" } });
    try {
      await withNode({ tcp: { dialer } }, async (node) => {
        const ma = `/onion3/${onion}:4001${peer}`;
        assert.equal(await talk(node, ma), ma);
      });
      assert.deepEqual(proxy.requests.map(({ host, port }) => `${host}:${port}`), [
        `${onion}.onion:4001`,
      ]);
    } finally {
      await proxy.close();
    }
  });
});

test("Tor itself is asked for an onion service, and what it answers is the dial's error", {
  skip: torMissing,
}, async () => {
  const tor = await startTor();
  try {
    const dialer = socks5Dialer({ server: tor.path, isolation: "target" });
    await withNode({ tcp: { dialer } }, async (node) => {
      const failure = await node.dial(multiaddr(`/onion3/${onion}:4001`)).catch((error) => error);
      assert.ok(isDialError(failure));
      assert.equal(failure.code, "ERR_PROXY_ONION_INVALID_ADDRESS");
      assert.match(formatReport(failure.report), /refused \(0xf6/);
    });
  } finally {
    await tor.stop();
  }
});

/** A server for DNS over HTTPS, in its JSON form, that knows the addresses of one name. */
async function startNameServer(records: string[]) {
  const asked: string[] = [];
  const https = createServer({ cert: server.cert, key: server.key }, (request, response) => {
    const name = new URL(request.url!, "https://localhost").searchParams.get("name")!;
    asked.push(name);
    const data = records.map((text) => `"dnsaddr=${text}"`);
    const Answer = name === "_dnsaddr.peer.example"
      ? data.map((data) => ({ name, type: 16, TTL: 60, data }))
      : [];
    response.setHeader("content-type", "application/dns-json");
    response.end(JSON.stringify({ Status: 0, Answer }));
  });
  https.listen(0, "127.0.0.1");
  await once(https, "listening");
  return {
    asked,
    port: (https.address() as AddressInfo).port,
    async close() {
      const closed = once(https, "close");
      https.close();
      https.closeAllConnections();
      await closed;
    },
  };
}

/** As the page has it. */
function lookupsThrough(agent: ReturnType<ReturnType<typeof nodeConnector>["httpsAgent"]>) {
  return function resolveTxt(name: string, { signal }: { signal?: AbortSignal } = {}) {
    const url = `https://localhost/dns-query?type=TXT&name=${encodeURIComponent(name)}`;
    const headers = { accept: "application/dns-json" };
    return new Promise<string[]>((resolve, reject) => {
      const request = get(url, { agent, headers, signal }, async (response) => {
        try {
          let body = "";
          for await (const chunk of response.setEncoding("utf8")) body += chunk;
          const { Answer = [] } = JSON.parse(body) as { Answer?: { data: string }[] };
          resolve(Answer.map(({ data }) => data.replace(/^"|"$/g, "").replaceAll('" "', "")));
        } catch (error) {
          reject(error);
        }
      });
      request.on("error", reject);
    });
  };
}

for (const who of ["the transport", "libp2p"]) {
  test(`a dnsaddr that ${who} looks up goes the way of the connections, and no other`, async () => {
    await withListener(async ({ port, peer }) => {
      const found = `/dns4/node.peer.example/tcp/4001${peer}`;
      const names = await startNameServer([found]);
      const proxy = await new NamingSocks5({}).listen();
      Object.assign(proxy.names, { localhost: names.port, "node.peer.example": Number(port) });
      const dialer = socks5Dialer({ server: proxy.address });
      const connector = nodeConnector(dialer, { tls: { ca: ca.cert } });
      const resolveTxt = lookupsThrough(connector.httpsAgent());
      const flags = { Status: 0, TC: false, RD: true, RA: true, AD: false, CD: false };
      const options: NodeOptions = who === "libp2p"
        ? {
          tcp: { dialer },
          libp2p: {
            dns: {
              async query(name, options) {
                const records = await resolveTxt(name, options);
                const Answer = records.map((data) => ({ name, type: 16, TTL: 60, data }));
                return { ...flags, Question: [{ name, type: 16 }], Answer };
              },
            },
          },
        }
        : { tcp: { dialer, txtResolver: { resolveTxt } }, resolvers: {} };
      try {
        await withNode(options, async (node) => {
          const dialed = `/dnsaddr/peer.example${peer}`;
          assert.equal(await talk(node, dialed), who === "libp2p" ? found : dialed);
        });
        assert.deepEqual(names.asked, ["_dnsaddr.peer.example"]);
        assert.deepEqual(proxy.requests.map(({ host }) => host), [
          "localhost",
          "node.peer.example",
        ]);
      } finally {
        await proxy.close();
        await names.close();
      }
    });
  });
}

test("with no resolvers at all a dnsaddr is no address to dial, and nobody is asked", async () => {
  const proxy = await new NamingSocks5({}).listen();
  try {
    const dialer = socks5Dialer({ server: proxy.address });
    await withNode({ tcp: { dialer }, resolvers: {} }, async (node) => {
      const dial = node.dial(multiaddr("/dnsaddr/peer.example"));
      await assert.rejects(dial, { name: "NoValidAddressesError" });
    });
    assert.equal(proxy.connections, 0);
  } finally {
    await proxy.close();
  }
});

test("a node goes through an HTTP proxy with TLS, an own CA and credentials", async () => {
  await withListener(async ({ port, peer }) => {
    const proxy = await FakeHttpProxy.listen({ login: "alice:secret" });
    const front = await startTlsFront(proxy.port);
    const dialer = httpConnectDialer({
      server: `localhost:${front.port}`,
      tls: { ca: ca.cert },
      credentials: { username: "alice", password: "secret" },
    });
    try {
      await withNode({ tcp: { dialer } }, async (node) => {
        const ma = `/ip4/127.0.0.1/tcp/${port}${peer}`;
        assert.equal(await talk(node, ma), ma);
      });
      assert.deepEqual(proxy.requests.map(({ authority }) => authority), [`127.0.0.1:${port}`]);
    } finally {
      await front.close();
      await proxy.close();
    }
  });
});

test("a node does with an address what the environment says", async () => {
  await withListener(async ({ port, peer }) => {
    const proxy = await FakeHttpProxy.listen();
    const env = { ALL_PROXY: `http://${proxy.address}`, NO_PROXY: "localhost" };
    try {
      await withNode({ tcp: { dialer: proxyFromEnv({ env }) } }, async (node) => {
        for (const [host, hops] of [["/ip4/127.0.0.1", 1], ["/dns4/localhost", 0]] as const) {
          const connection = await node.dial(multiaddr(`${host}/tcp/${port}${peer}`), {
            force: true,
          });
          assert.equal(dialReportOf(connection)!.hops.length, hops);
        }
      });
      assert.equal(proxy.requests.length, 1);
    } finally {
      await proxy.close();
    }
  });
});

test("a node dials from another local address for each address", async () => {
  await withListener(async ({ port, peer }) => {
    const customTCPDialer: TcpOptions["customTCPDialer"] = (ma) =>
      systemDialer({
        localAddress: ma.toString().startsWith("/dns4/") ? "127.0.0.3" : "127.0.0.2",
      });
    const seen: string[] = [];
    const told = (step: { detail?: unknown }) => {
      const { localAddress } = (step.detail ?? {}) as { localAddress?: string };
      if (localAddress !== undefined) seen.push(localAddress);
    };
    await withNode({ tcp: { customTCPDialer } }, async (node) => {
      for (const host of ["/ip4/127.0.0.1", "/dns4/localhost"]) {
        const ma = multiaddr(`${host}/tcp/${port}${peer}`);
        await node.dial(ma, { force: true, onProgress: told });
      }
    });
    assert.deepEqual(seen, ["127.0.0.2", "127.0.0.3"]);
  });
});

test("over node:net abort() sends RST on Deno too", async () => {
  const dialer = runtime === "deno" ? denoDialer({ api: "node" }) : systemDialer();
  await withConnection(async (connection, peer) => {
    const closed = closing(connection);
    connection.abort(new Error("no more"));
    await closed;
    const read = peer.read(new Uint8Array(1)).then((count) => count, ({ code }) => code);
    assert.equal(await read, "ECONNRESET");
  }, { dialer });
});
