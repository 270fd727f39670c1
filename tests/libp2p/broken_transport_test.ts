import assert from "node:assert/strict";
import { test } from "node:test";
import type { Stream } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { nodeDialer } from "../../adapters/node/mod.ts";
import { systemDialer } from "../../mod.ts";
import { dialerOf } from "../fakes/dialer_of.ts";
import type { PeerConn } from "../../src/testing/mod.ts";
import { makeNode, type Node } from "./nodes/make_node.ts";
import { peers } from "./nodes/transport_trial.ts";

// A proxy that is killed ends its connections: with FIN, or with RST if it had not read everything.

const protocol = "/anydial/half/1.0.0";
const halfBytes = 100_000;

/** What a stream or a connection was closed with. */
function closing(target: EventTarget): Promise<Error | undefined> {
  return new Promise((resolve) => {
    target.addEventListener("close", (event) => resolve((event as { error?: Error }).error), {
      once: true,
    });
  });
}

/** Takes connections on behalf of a tunnel, and passes bytes on until it is told to end. */
async function withTunnel(
  run: (tunnel: { node: Node; listening: Node; side: () => PeerConn; ma: string }) => Promise<void>,
): Promise<void> {
  const listening = await makeNode({ listen: ["/ip4/127.0.0.1/tcp/0"] });
  const ma = listening.getMultiaddrs()[0]!.toString();
  const target = /\/tcp\/(\d+)/.exec(ma)![1]!;
  const peer = await peers.listen("tcp");
  let side: PeerConn | undefined;
  const dialer = dialerOf(async (network, _address, options) => {
    const dialed = systemDialer().dialContext(network, peer.address, options);
    const [client, onward] = await Promise.all([
      peer.accept(),
      // Bun's own sockets lose what is unread when a write fails after the peer's end.
      nodeDialer().dialContext("tcp", `127.0.0.1:${target}`),
    ]);
    side = client;
    // What one side still has to say is passed on also where the other takes no more.
    Promise.all([passOn(onward, client), passOn(client, onward)]).then(() => onward.close());
    return await dialed;
  });
  const node = await makeNode({ tcp: { dialer } });
  try {
    await run({ node, listening, side: () => side!, ma });
  } finally {
    await node.stop();
    await listening.stop();
    await peer.close();
  }
}

interface End {
  read(buffer: Uint8Array): Promise<number | null>;
  write(data: Uint8Array): Promise<unknown>;
  closeWrite(): Promise<void>;
}

async function passOn(from: End, to: End): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  try {
    for (let count; (count = await from.read(buffer)) !== null;) {
      await to.write(buffer.slice(0, count));
    }
    await to.closeWrite();
  } catch {
    // One of them has ended.
  }
}

/** Has a node send half of something, and leave the stream open. */
async function serveHalf(node: Node, then: (stream: Stream) => unknown = () => {}): Promise<void> {
  await node.handle(protocol, async (stream) => {
    stream.send(new Uint8Array(halfBytes));
    await then(stream);
  });
}

async function untilHalf(stream: Stream): Promise<void> {
  let left = halfBytes;
  await new Promise<void>((resolve) => {
    stream.addEventListener("message", ({ data }) => {
      if ((left -= data.byteLength) === 0) resolve();
    });
  });
}

for (const how of ["FIN", "RST"]) {
  test(`a tunnel that ends with ${how} fails what streams are open, and the connection`, async () => {
    await withTunnel(async ({ node, listening, side, ma }) => {
      await serveHalf(listening);
      const connection = await node.dial(multiaddr(ma));
      const stream = await connection.newStream(protocol);
      await untilHalf(stream);
      const ended = Promise.all([closing(stream), closing(connection)]);
      if (how === "FIN") await side().closeWrite();
      else side().reset();
      const errors = await ended as { code?: string }[];
      assert.deepEqual(errors.map((error) => error?.code), ["ECONNRESET", "ECONNRESET"]);
      assert.equal(stream.status, "aborted");
    });
  });
}

test("a tunnel that ends while no stream is open is a clean end of the connection", async () => {
  await withTunnel(async ({ node, side, ma }) => {
    const connection = await node.dial(multiaddr(ma));
    await node.services.ping.ping(multiaddr(ma));
    while (connection.streams.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const closed = closing(connection);
    await side().closeWrite();
    assert.equal(await closed, undefined);
    assert.equal(connection.status, "closed");
  });
});

test("the muxer's own end is a clean end of a stream that is open", async () => {
  await withTunnel(async ({ node, listening, ma }) => {
    await serveHalf(listening);
    const connection = await node.dial(multiaddr(ma));
    const stream = await connection.newStream(protocol);
    await untilHalf(stream);
    const ended = Promise.all([closing(stream), closing(connection)]);
    for (const theirs of listening.getConnections()) theirs.close().catch(() => {});
    assert.deepEqual(await ended, [undefined, undefined]);
  });
});

test("a stream that the remote has ended is read whole after the tunnel has ended", async () => {
  await withTunnel(async ({ node, listening, side, ma }) => {
    const ending = Promise.withResolvers<void>();
    await serveHalf(listening, async (stream) => {
      await stream.close();
      ending.resolve();
    });
    const connection = await node.dial(multiaddr(ma));
    const complete = await connection.newStream(protocol);
    await ending.promise;
    while (complete.remoteWriteStatus !== "closed") {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const closed = closing(connection);
    await side().closeWrite();
    await closed;
    await untilHalf(complete);
    assert.notEqual(complete.status, "aborted");
  });
});
