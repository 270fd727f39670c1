import assert from "node:assert/strict";
import { test } from "node:test";
import { multiaddr } from "@multiformats/multiaddr";
import type { Runtime } from "../../scripts/runtimes.ts";
import { systemDialer } from "../../mod.ts";
import { runtime } from "../runtime.ts";
import { makeNode } from "./nodes/make_node.ts";
import { startNode } from "./nodes/node_process.ts";
import { assertTalks } from "./nodes/node_talk.ts";
import { proxyWays } from "./nodes/proxy_ways.ts";
import { SharedServer } from "./nodes/shared_server.ts";

// Here a node of this runtime dials; on the three runtimes these are all the pairs of dialer and listener.
const listeners: { on: Runtime; transport: "ours" | "theirs" }[] = [
  { on: "node", transport: "ours" },
  { on: "deno", transport: "ours" },
  { on: "bun", transport: "ours" },
  { on: runtime, transport: "theirs" },
];

const ways = proxyWays();
for (const { on, transport } of listeners) {
  const other = transport === "theirs" ? "on the same runtime with @libp2p/tcp" : `on ${on}`;
  const listener = new SharedServer(() => startNode(on, transport));
  for (const way of ways) {
    test(`nodes talk ${way.name}, the other one ${other}`, { skip: way.missing }, async () => {
      const proxy = await way.proxy();
      const { ma } = await listener.get();
      const report = await assertTalks(proxy ? { tcp: { dialer: proxy.dialer } } : {}, ma);
      assert.equal(report?.outcome, "ok");
      const hops = report.hops.map((at) => at.transport === "tcp" && `${at.hostname}:${at.port}`);
      assert.deepEqual(hops, proxy ? [proxy.address] : []);
    });
  }
}

test("a node with @libp2p/tcp dials one of ours", async () => {
  const listener = await startNode(runtime, "ours");
  try {
    assert.equal(await assertTalks({ transport: "theirs" }, listener.ma), undefined);
  } finally {
    await listener.stop();
  }
});

test("a connection that is closed as soon as it is there is closed, not aborted", async () => {
  const listener = await startNode(runtime, "ours");
  const node = await makeNode();
  try {
    for (let round = 0; round < 5; round++) {
      const connection = await node.dial(multiaddr(listener.ma));
      // The answer to yamux's first ping is on its way, which it wants no more.
      await connection.close();
      assert.equal(connection.status, "closed");
    }
  } finally {
    await node.stop();
    await listener.stop();
  }
});

test("several addresses of a peer are dialed in turn, and each that fails is told", async () => {
  const node = await makeNode();
  const listener = await startNode(runtime, "ours");
  const peerId = /\/p2p\/\w+$/.exec(listener.ma)![0];
  const addresses = [`/ip4/127.0.0.1/tcp/1${peerId}`, `/ip6/::1/tcp/1${peerId}`, listener.ma];
  try {
    const all = addresses.map((ma) => multiaddr(ma));
    const connection = await node.dial(all);
    assert.equal(connection.remoteAddr.toString(), listener.ma);
    await connection.close();
    const failure = await node.dial(all.slice(0, 2)).then(() => assert.fail("dialed"), (e) => e);
    const codes = (failure.errors as { code: string }[]).map(({ code }) => code);
    assert.deepEqual(codes, ["ECONNREFUSED", "ECONNREFUSED"]);
    const one = await node.dial(all[0]!).then(() => assert.fail("dialed"), (e) => e);
    assert.equal(one.code, "ECONNREFUSED");
  } finally {
    await node.stop();
    await listener.stop();
  }
});

test("a connection gater is asked about the address that was dialed", async () => {
  const listener = await startNode(runtime, "ours");
  const asked: string[] = [];
  const node = await makeNode({
    connectionGater: {
      denyOutboundConnection: (_peer, { remoteAddr }) => asked.push(`${remoteAddr}`) > 0,
    },
  });
  try {
    await assert.rejects(node.dial(multiaddr(listener.ma)));
    assert.deepEqual(asked, [listener.ma]);
  } finally {
    await node.stop();
    await listener.stop();
  }
});

test("with libp2p's own resolvers off, a dnsaddr is looked up by the transport's, and nobody else", async () => {
  const listener = await startNode(runtime, "ours");
  const asked: string[] = [];
  const txtResolver = {
    resolveTxt(name: string) {
      asked.push(name);
      return Promise.resolve([[`dnsaddr=${listener.ma}`]]);
    },
  };
  const node = await makeNode({ resolvers: {}, tcp: { dialer: systemDialer(), txtResolver } });
  const peerId = /\/p2p\/\w+$/.exec(listener.ma)![0];
  try {
    const connection = await node.dial(multiaddr(`/dnsaddr/peer.example${peerId}`));
    assert.deepEqual(asked, ["_dnsaddr.peer.example"]);
    assert.equal(connection.remotePeer.toString(), peerId.slice("/p2p/".length));
    await connection.close();
  } finally {
    await node.stop();
    await listener.stop();
  }
});
