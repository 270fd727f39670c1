import assert from "node:assert/strict";
import { multiaddr } from "@multiformats/multiaddr";
import { type ConnectionReport, dialReportOf } from "../../../src/libp2p/mod.ts";
import { bulkProtocol, exchangeBulk } from "./bulk_protocol.ts";
import { makeNode, type NodeOptions } from "./make_node.ts";

/** 64 MiB over the stream. */
const eachWayBytes = 32 * 1024 * 1024;

/** Dials a node, and does with it what nodes do with each other. */
export async function assertTalks(
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
