import assert from "node:assert/strict";
import { Socket } from "node:net";
import { test } from "node:test";
import { netConnector } from "../../adapters/node/net_connector.ts";
import { nodeDialer } from "../../adapters/node/mod.ts";
import { systemDialer } from "../../adapters/system.ts";
import { isDialError } from "../../src/core/dial_error.ts";
import { splitHostPort } from "../../src/core/host_port.ts";
import { netDialerConfig } from "../../src/net/net_dialer_options.ts";
import { loopbackPeers } from "../../src/testing/mod.ts";
import type { PeerConn } from "../../adapters/loopback/peers.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";

async function withListener(
  use: (address: string, accept: () => Promise<PeerConn>) => Promise<void>,
) {
  const listener = await loopbackPeers().listen("tcp");
  try {
    await use(listener.address, () => listener.accept());
  } finally {
    await listener.close();
  }
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const listener = await loopbackPeers().listen("tcp");
  await listener.close();
  return splitHostPort(listener.address).port;
}

const dialers = { "systemDialer()": systemDialer, "nodeDialer()": nodeDialer };

for (const [name, make] of Object.entries(dialers)) {
  test(`${name}: localPort and localAddress are the local end, again and again`, async () => {
    await withListener(async (address, accept) => {
      const localPort = await freePort();
      for (const options of [{ localPort }, { localPort, localAddress: "127.0.0.1" }]) {
        for (let round = 0; round < 2; round++) {
          const conn = await make(options).dialContext("tcp", address);
          const peer = await accept();
          const local = { transport: "tcp", hostname: "127.0.0.1", port: localPort };
          assert.deepEqual(conn.localAddr, local);
          // The side that is closed first keeps the port for a while.
          peer.close();
          assert.equal(await conn.read(new Uint8Array(8)), null);
          conn.close();
        }
      }
    });
  });

  test(`${name}: a local end that is taken is told as such`, async () => {
    await withListener(async (other) => {
      await withListener(async (address) => {
        const taken = async (localPort: number) => {
          const error = await rejectionOf(make({ localPort }).dialContext("tcp", address));
          assert.ok(isDialError(error), String(error));
          return [error.code, error.phase];
        };
        // By somebody who listens there, and by a connection to the same peer.
        assert.deepEqual(await taken(splitHostPort(other).port), ["EADDRINUSE", "connect"]);
        const localPort = await freePort();
        const conn = await make({ localPort }).dialContext("tcp", address);
        assert.deepEqual(await taken(localPort), ["EADDRNOTAVAIL", "connect"]);
        conn.reset();
      });
    });
  });

  test(`${name}: a local address with an unknown zone is not available`, async () => {
    const dialer = make({ localAddress: "fe80::1%nope" });
    const error = await rejectionOf(dialer.dialContext("tcp", "[::1]:9"));
    assert.ok(isDialError(error));
    // Deno's `node:net` takes no zone at all.
    const deno = error.message.includes("node:net");
    assert.equal(error.code, deno ? "EINVAL" : "EADDRNOTAVAIL");
    assert.match(
      error.message,
      deno ? /takes no address with a zone/ : /no network interface "nope"$/,
    );
  });
}

test("nodeDialer(): noDelay: false turns it off where sockets begin with it", async () => {
  const calls: unknown[] = [];
  const original = Socket.prototype.setNoDelay;
  Socket.prototype.setNoDelay = function (this: Socket, noDelay?: boolean) {
    calls.push(noDelay);
    return original.call(this, noDelay);
  };
  try {
    await withListener(async (address) => {
      (await nodeDialer({ noDelay: false }).dialContext("tcp", address)).close();
    });
    assert.equal(calls.at(-1), false);
  } finally {
    Socket.prototype.setNoDelay = original;
  }
});

test("the idle time of keep-alive is in whole seconds, of which there is at least one", () => {
  const rounded = [undefined, false, 1, 999, 1_000, 1_001, 15_000, 32_767_000] as const;
  assert.deepEqual(
    rounded.map((keepAlive) => netDialerConfig({ keepAlive }).keepAliveMs),
    [15_000, 15_000, 1_000, 1_000, 1_000, 2_000, 15_000, 32_767_000],
  );
});

test("an attempt that is cancelled while its failure is looked into tells nothing", async () => {
  const request = { family: 4, host: "127.0.0.1", port: 1, localPort: undefined } as const;
  for (let round = 0; round < 100; round++) {
    let told = 0;
    const attempt = { ...request, localAddress: "127.0.0.1" };
    const cancel = netConnector(netDialerConfig({})).connect(attempt, () => told++, true);
    // Each time a little later, since nothing says when the attempt has failed.
    for (const end = performance.now() + round * 0.02; performance.now() < end;) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const before = told;
    cancel();
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(told, before);
  }
});
