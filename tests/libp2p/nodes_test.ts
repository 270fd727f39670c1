import assert from "node:assert/strict";
import { after, test } from "node:test";
import { multiaddr } from "@multiformats/multiaddr";
import type { Runtime } from "../../scripts/runtimes.ts";
import { type ConnectionReport, dialReportOf } from "../../src/libp2p/mod.ts";
import { danteMissing, startDante } from "../peers/dante.ts";
import { squidMissing, startSquid } from "../peers/squid.ts";
import { runtime } from "../runtime.ts";
import { bulkProtocol, exchangeBulk } from "./bulk_protocol.ts";
import { makeNode, type NodeOptions } from "./make_node.ts";
import { startNode } from "./node_process.ts";
import { proxiedDialer } from "./proxied_dialer.ts";

// Here a node of this runtime dials; on the three runtimes these are all the pairs of dialer and listener.

/** 64 MiB over the stream. */
const eachWayBytes = 32 * 1024 * 1024;

/** Started by the first test that needs it, and stopped after the last. */
class Shared<T extends { stop(): Promise<void> }> {
  readonly #start: () => Promise<T>;
  #started: Promise<T> | undefined;

  constructor(start: () => Promise<T>) {
    this.#start = start;
    after(async () => (await this.#started)?.stop());
  }

  get(): Promise<T> {
    return this.#started ??= this.#start();
  }
}

const ways = [
  { name: "directly", hop: undefined, missing: undefined },
  {
    name: "through SOCKS5",
    hop: new Shared(() => startDante({ method: "none" })),
    protocol: "socks5",
    missing: danteMissing,
  },
  {
    name: "through HTTP CONNECT",
    hop: new Shared(() => startSquid()),
    protocol: "http-connect",
    missing: squidMissing,
  },
];

const listeners: { on: Runtime; transport: "ours" | "theirs" }[] = [
  { on: "node", transport: "ours" },
  { on: "deno", transport: "ours" },
  { on: "bun", transport: "ours" },
  { on: runtime, transport: "theirs" },
];

/** Dials a node, and does with it what nodes do with each other. */
async function assertTalks(
  options: NodeOptions,
  ma: string,
): Promise<ConnectionReport | undefined> {
  const node = await makeNode(options);
  try {
    const identified = new Promise<string[]>((resolve) => {
      node.addEventListener("peer:identify", ({ detail }) => resolve(detail.protocols));
    });
    const connection = await node.dial(multiaddr(ma));
    assert.equal(connection.remoteAddr.toString(), ma);
    assert.ok(await node.services.ping.ping(multiaddr(ma)) >= 0);
    const protocols = await identified;
    assert.ok(protocols.includes(bulkProtocol), `${protocols}`);
    await exchangeBulk(await connection.newStream(bulkProtocol), eachWayBytes);
    const report = dialReportOf(connection);
    await connection.close();
    return report;
  } finally {
    await node.stop();
  }
}

for (const { on, transport } of listeners) {
  const with_ = transport === "theirs" ? " with @libp2p/tcp" : "";
  const listener = new Shared(() => startNode(on, transport));
  for (const { name, hop, protocol, missing } of ways) {
    test(`nodes talk ${name}, the other one on ${on}${with_}`, { skip: missing }, async () => {
      const proxy = await hop?.get();
      const { ma } = await listener.get();
      const dialer = proxy && proxiedDialer(protocol!, proxy.address);
      const report = await assertTalks(dialer ? { tcp: { dialer } } : {}, ma);
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

test("several addresses of a peer are dialed in turn, and each that fails is told", async () => {
  const node = await makeNode();
  const listener = await startNode(runtime, "ours");
  const peerId = /\/p2p\/\w+$/.exec(listener.ma)![0];
  const dead = `/ip4/127.0.0.1/tcp/1${peerId}`;
  const alsoDead = `/ip6/::1/tcp/1${peerId}`;
  try {
    const all = [dead, alsoDead, listener.ma].map((ma) => multiaddr(ma));
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
