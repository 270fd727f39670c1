import assert from "node:assert/strict";
import { test } from "node:test";
import { KEEP_ALIVE } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { isDialError, systemDialer } from "../../mod.ts";
import type { TcpOptions } from "../../src/libp2p/mod.ts";
import { makeNode, type Node, type NodeOptions } from "./nodes/make_node.ts";
import { maOf, peers } from "./nodes/transport_trial.ts";
import { dialerOf } from "../fakes/dialer_of.ts";

// What libp2p's dial queue, reconnect queue and connection gater rely on.

const somebody = "/p2p/12D3KooWCryG7Mon9orvQxcS1rYZjotPgpwoJNHHKcLLfE4Hf5mV";

/** A function that chooses a dialer, and notes for which addresses. */
function noting(choose: (ma: string) => unknown) {
  const asked: string[] = [];
  const customTCPDialer = ((ma: unknown) => {
    asked.push(String(ma));
    return choose(String(ma));
  }) as NonNullable<TcpOptions["customTCPDialer"]>;
  return { asked, customTCPDialer };
}

/** A dialer that hears its signal and does nothing else. */
function waiting() {
  const called = Promise.withResolvers<AbortSignal>();
  const dialer = dialerOf((_network, _address, options) => {
    const { signal } = options!;
    called.resolve(signal!);
    return new Promise((_, reject) =>
      signal!.addEventListener("abort", () => reject(signal!.reason))
    );
  });
  return { dialer, called: called.promise };
}

async function withNodes(
  options: NodeOptions,
  run: (dialing: Node, listening: Node) => Promise<void>,
) {
  const listening = await makeNode({ listen: ["/ip4/127.0.0.1/tcp/0"] });
  const dialing = await makeNode(options);
  try {
    await run(dialing, listening);
  } finally {
    await dialing.stop();
    await listening.stop();
  }
}

function failureOf(dial: Promise<unknown>): Promise<{ errors?: unknown[]; name?: string }> {
  return dial.then(() => assert.fail("it was dialed"), (error) => error);
}

test("each address of a peer fails with a code of its own, in the order of the dials", async () => {
  const mas = ["/ip4/192.0.2.1", "/ip4/192.0.2.2", "/dns4/peer.example", maOf(peers.refused)]
    .map((ma) => `${ma.includes("/tcp/") ? ma : `${ma}/tcp/4001`}${somebody}`);
  const never = dialerOf(() => new Promise(() => {}));
  const { asked, customTCPDialer } = noting((ma) =>
    ma.includes("192.0.2.1/") ? undefined : ma.includes("192.0.2.2/") ? never : systemDialer()
  );
  const resolver = { lookup: () => Promise.resolve([]) };
  const nameless = systemDialer({ resolver });
  const choose: TcpOptions["customTCPDialer"] = (ma) =>
    ma.toString().startsWith("/dns4") ? (asked.push(String(ma)), nameless) : customTCPDialer(ma);
  const node = await makeNode({ tcp: { customTCPDialer: choose, connectTimeoutMs: 100 } });
  try {
    const failure = await failureOf(node.dial(mas.map((ma) => multiaddr(ma))));
    assert.deepEqual(asked.toSorted(), mas.toSorted());
    const codes: Record<string, string> = {
      [mas[0]!]: "ERR_DIAL_NO_DIALER",
      [mas[1]!]: "ETIMEDOUT",
      [mas[2]!]: "ENOTFOUND",
      [mas[3]!]: "ECONNREFUSED",
    };
    const told = failure.errors!.map((error) => isDialError(error) && error.code);
    assert.deepEqual(told, asked.map((ma) => codes[ma]));
  } finally {
    await node.stop();
  }
});

test("a peer that is known by its id alone is dialed with its id at the end", async () => {
  const { asked, customTCPDialer } = noting(() => systemDialer());
  await withNodes({ tcp: { customTCPDialer } }, async (node, listening) => {
    const [ma] = listening.getMultiaddrs();
    await node.peerStore.merge(listening.peerId, { multiaddrs: [ma!] });
    await node.dial(listening.peerId);
    assert.deepEqual(asked, [String(ma)]);
    assert.match(asked[0]!, /\/p2p\/\w+$/);
  });
});

test("dials of a peer that is being dialed or is connected ask for no second dialer", async () => {
  const { asked, customTCPDialer } = noting(() => systemDialer());
  await withNodes({ tcp: { customTCPDialer } }, async (node, listening) => {
    const ma = listening.getMultiaddrs()[0]!;
    const connections = await Promise.all([node.dial(ma), node.dial(ma)]);
    connections.push(await node.dial(ma));
    assert.equal(new Set(connections).size, 1);
    assert.equal(asked.length, 1);
  });
});

for (const [what, reason] of [["error", new Error("the line is busy")], ["text", "enough"]]) {
  test(`node.dial() rejects with the ${what} that is its signal's reason, and the dialer hears it`, async () => {
    const { dialer, called } = waiting();
    const node = await makeNode({ tcp: { dialer } });
    try {
      const controller = new AbortController();
      const dial = node.dial(multiaddr("/ip4/192.0.2.1/tcp/4001"), { signal: controller.signal });
      const failure = failureOf(dial);
      const signal = await called;
      controller.abort(reason);
      assert.equal(await failure, reason);
      assert.equal(signal.aborted, true);
    } finally {
      await node.stop();
    }
  });
}

test("an upgrade that takes longer than addressDialTimeout fails with the limit, and the next address is dialed", async () => {
  const silent = await peers.listen("tcp");
  const libp2p = { connectionManager: { addressDialTimeout: 300 } };
  await withNodes({ libp2p }, async (node, listening) => {
    const connected = listening.getMultiaddrs()[0]!;
    const mute = multiaddr(`${maOf(silent.address)}/p2p/${listening.peerId}`);
    const failure = await failureOf(node.dial(mute));
    assert.equal(failure.name, "TimeoutError");
    const connection = await node.dial([mute, connected]);
    assert.equal(connection.remoteAddr.toString(), connected.toString());
  });
  await silent.close();
});

test("node.stop() ends the dials under way", async () => {
  const { dialer, called } = waiting();
  const node = await makeNode({ tcp: { dialer } });
  const failure = failureOf(node.dial(multiaddr("/ip4/192.0.2.1/tcp/4001")));
  const signal = await called;
  await node.stop();
  assert.equal((await failure).name, "AbortError");
  assert.equal(signal.aborted, true);
});

test("what the gater denies reaches no dialer", async () => {
  const { asked, customTCPDialer } = noting(() => systemDialer());
  const connectionGater = { denyDialMultiaddr: () => true };
  await withNodes({ tcp: { customTCPDialer }, connectionGater }, async (node, listening) => {
    const failure = await failureOf(node.dial(listening.getMultiaddrs()[0]!));
    assert.equal(failure.name, "DialDeniedError");
    assert.deepEqual(asked, []);
  });
});

test("a peer to be kept is dialed again when its connection is lost, through the same function", async () => {
  const { asked, customTCPDialer } = noting(() => systemDialer());
  await withNodes({ tcp: { customTCPDialer } }, async (node, listening) => {
    const ma = listening.getMultiaddrs()[0]!;
    const connection = await node.dial(ma);
    await node.peerStore.merge(listening.peerId, { tags: { [KEEP_ALIVE]: { value: 1 } } });
    const again = new Promise<string>((resolve) =>
      node.addEventListener("connection:open", ({ detail }) => resolve(String(detail.remoteAddr)))
    );
    connection.abort(new Error("the line broke"));
    assert.equal(await again, String(ma));
    assert.deepEqual(asked, [String(ma), String(ma)]);
  });
});

test("a peer that accepts and stays silent ends in the time-out of the dial", async () => {
  const silent = await peers.listen("tcp");
  const libp2p = { connectionManager: { addressDialTimeout: 200 } };
  const node = await makeNode({ libp2p } as NodeOptions);
  try {
    const ma = multiaddr(`${maOf(silent.address)}${somebody}`);
    const failure = await failureOf(node.dial(ma));
    assert.equal(failure.name, "TimeoutError");
    assert.equal(silent.seen, 1);
  } finally {
    await node.stop();
    await silent.close();
  }
});
