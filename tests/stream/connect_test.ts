import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import type { ContextDialer } from "../../src/core/dialer.ts";
import { splitHostPort } from "../../src/core/host_port.ts";
import { ConnDuplex, nodeConnector, type NodeLookup } from "../../src/stream/mod.ts";
import { ca } from "../certs/certificates.ts";
import { dialerOf } from "../fakes/dialer_of.ts";
import { serverNameOf } from "../tls/server_name_of.ts";
import { listenTls } from "../tls/tls_peers.ts";
import { countingDialer } from "./counting_dialer.ts";
import { closeServer, netPeer, textOf } from "./net_peer.ts";

/** A dialer that never connects, and what it was told. */
function endlessDialer(): ContextDialer & { signal?: AbortSignal } {
  const dialer: ContextDialer & { signal?: AbortSignal } = {
    dialContext(_network, _address, options) {
      const { signal } = options!;
      dialer.signal = signal;
      return new Promise((_, reject) =>
        signal!.addEventListener("abort", () => reject(signal!.reason))
      );
    },
  };
  return dialer;
}

test("connect() answers a stream at once, which keeps what is written until it is connected", async () => {
  const peer = await netPeer();
  try {
    const stream = nodeConnector(systemDialer()).connect({ host: "127.0.0.1", port: peer.port });
    assert.ok(stream instanceof ConnDuplex);
    assert.deepEqual([stream.connecting, stream.pending, stream.readyState], [
      true,
      true,
      "opening",
    ]);
    assert.deepEqual(stream.address(), {});
    assert.equal(stream.remoteAddress, undefined);
    // All of these have to wait as well.
    stream.setNoDelay(true).setKeepAlive(true).unref().ref();
    stream.write("early ");
    stream.end("and late");
    const events: string[] = [];
    for (const event of ["connect", "ready"]) stream.on(event, () => events.push(event));
    await once(stream, "ready");
    assert.deepEqual(events, ["connect", "ready"]);
    assert.equal(stream.connecting, false);
    assert.equal(stream.remotePort, peer.port);
    const socket = await peer.accept();
    assert.equal(await textOf(socket), "early and late");
    socket.end("answer");
    assert.equal(await textOf(stream), "answer");
  } finally {
    await peer.close();
  }
});

test("connect() calls back once, with the connected stream or the error", async () => {
  const peer = await netPeer();
  try {
    const { connect } = nodeConnector(systemDialer());
    const calls: [error: Error | null, connected: unknown][] = [];
    const stream = connect({ hostname: "[::1]", host: "ignored", port: "1" }, (error) => {
      calls.push([error, undefined]);
    });
    await new Promise((resolve) => stream.on("close", resolve));
    const good = connect(
      { host: "127.0.0.1", port: peer.port },
      (error, stream) => {
        calls.push([error, stream]);
      },
    );
    await once(good, "connect");
    good.destroy();
    await once(good, "close");
    assert.equal(calls.length, 2);
    assert.equal((calls[0]![0] as { code?: string }).code, "ECONNREFUSED");
    assert.deepEqual(calls[1], [null, good]);
  } finally {
    await peer.close();
  }
});

test("connect() reads hosts, ports and paths as Node's clients give them", async () => {
  const dialer = countingDialer();
  const { connect } = nodeConnector(dialer);
  const directory = mkdtempSync(join(tmpdir(), "anydial-"));
  const socketPath = join(directory, "socket");
  const server = createServer((socket) => socket.end("hello"));
  try {
    server.listen(socketPath);
    await once(server, "listening");
    const stream = connect({ socketPath, host: "localhost", port: 1 });
    assert.equal(await textOf(stream), "hello");
  } finally {
    await closeServer(server);
    rmSync(directory, { recursive: true, force: true });
  }
  const dialed = endlessDialer();
  const asked: string[] = [];
  const { connect: ask } = nodeConnector({
    dialContext(network, address, options) {
      asked.push(`${network} ${address}`);
      return dialed.dialContext(network, address, options);
    },
  });
  ask({}).destroy();
  ask({ host: "::1", port: "8080" }).destroy();
  ask({ hostname: "[::1]", protocol: "https:" }).destroy();
  ask({ host: "peer.example", protocol: "wss:", port: null }).destroy();
  assert.deepEqual(asked, [
    "tcp localhost:80",
    "tcp [::1]:8080",
    "tcp [::1]:443",
    "tcp peer.example:443",
  ]);
  assert.deepEqual(dialer.dials.map(({ network }) => network), ["unix"]);
  assert.throws(() => ask({ host: "peer.example", port: 65536 }), RangeError);
});

for (const protocol of ["http:", "https:"]) {
  test(`destroy() aborts the dial (${protocol})`, async () => {
    const dialer = endlessDialer();
    const stream = nodeConnector(dialer).connect({ host: "peer.example", protocol });
    stream.destroy();
    assert.equal(dialer.signal!.aborted, true);
    await once(stream, "close");
  });

  test(`a signal aborts the dial, and is left alone afterwards (${protocol})`, async () => {
    const dialer = endlessDialer();
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error("enough");
    const call = { host: "peer.example", protocol, signal };
    const stream = nodeConnector(dialer).connect(call);
    const failed = once(stream, "connect").catch((error) => error);
    controller.abort(reason);
    assert.equal(await failed, reason);
    assert.equal(dialer.signal!.aborted, true);
    const late = nodeConnector(dialer).connect({ ...call, signal: AbortSignal.abort(reason) });
    assert.equal(await once(late, "connect").catch((error) => error), reason);
  });

  test(`timeoutMs bounds the connecting (${protocol})`, async () => {
    const connector = nodeConnector(endlessDialer(), { timeoutMs: 40 });
    // Nothing else keeps the process alive: this dialer holds no socket.
    const patience = setTimeout(() => {}, 60_000);
    const stream = connector.connect({ host: "peer.example", protocol });
    const error = await once(stream, "connect").catch((error) => error);
    assert.equal(error.code, "ETIMEDOUT");
    assert.match(error.message, /40 ms/);
    clearTimeout(patience);
  });

  test(`timeout is the stream's own, while it connects, too (${protocol})`, async () => {
    const patience = setTimeout(() => {}, 60_000);
    const stream = nodeConnector(endlessDialer()).connect({ protocol, timeout: 40 });
    await once(stream, "timeout");
    assert.equal(stream.destroyed, false);
    stream.destroy();
    clearTimeout(patience);
  });
}

test("timeoutMs covers the TLS handshake, and nothing after the connecting", async () => {
  const peer = await netPeer();
  try {
    const { connect } = nodeConnector(systemDialer(), { timeoutMs: 100 });
    const plain = connect({ host: "127.0.0.1", port: peer.port });
    await once(plain, "connect");
    const secure = connect({ host: "127.0.0.1", port: peer.port, protocol: "https:" });
    const error = await once(secure, "secureConnect").catch((error) => error);
    assert.equal(error.code, "ETIMEDOUT");
    assert.equal(plain.destroyed, false);
    plain.destroy();
  } finally {
    await peer.close();
  }
});

test("TLS of a connector sends names in A-labels without a dot, and no addresses", async () => {
  const asked: [host: string, servername: string | undefined, sni: string | undefined][] = [
    ["peer.example.", undefined, "peer.example"],
    ["bücher.example", undefined, "xn--bcher-kva.example"],
    ["127.0.0.1", "Bücher.Example.", "xn--bcher-kva.example"],
    ["[::1%lo]", undefined, undefined],
    ["127.1", undefined, undefined],
    ["peer.example", "192.0.2.1", undefined],
  ];
  for (const [host, servername, sni] of asked) {
    const peer = await netPeer();
    try {
      const here = dialerOf((network, _address, options) =>
        systemDialer().dialContext(network, peer.address, options)
      );
      const stream = nodeConnector(here).connect({ host, servername, port: 443, protocol: "tls:" });
      stream.on("error", () => {});
      const socket = await peer.accept();
      const [hello] = await once(socket, "data");
      assert.equal(serverNameOf(hello), sni, `${host} ${servername}`);
      stream.destroy();
      socket.destroy();
    } finally {
      await peer.close();
    }
  }
});

test("TLS of a connector verifies an address, also without its zone and in its short form", async () => {
  const listener = await listenTls();
  try {
    const { port } = splitHostPort(listener.address);
    const here = dialerOf((network, _address, options) =>
      systemDialer().dialContext(network, listener.address, options)
    );
    const { connect } = nodeConnector(here, { tls: { ca: ca.cert } });
    const asked: [host: string, servername: string | undefined, valid: boolean][] = [
      ["127.1", undefined, true],
      ["::1%lo", undefined, true],
      ["localhost.", undefined, true],
      ["peer.example", "127.0.0.1", true],
      ["localhost", "192.0.2.1", false],
      ["192.0.2.1", undefined, false],
    ];
    for (const [host, servername, valid] of asked) {
      const outcome = await new Promise<unknown>((resolve) => {
        const stream = connect({ host, servername, port, protocol: "tls:" }, (error) => {
          resolve(error === null || (error as { code?: unknown }).code);
          stream.destroy();
        });
      });
      assert.equal(outcome, valid || "ERR_TLS_CERT_ALTNAME_INVALID", `${host} ${servername}`);
    }
  } finally {
    await listener.close();
  }
});

test("lookup gets a Unicode name as A-labels", async () => {
  const { connect } = nodeConnector(countingDialer());
  const asked = await new Promise((resolve) => {
    const lookup: NodeLookup = (host, _options, callback) => {
      resolve(host);
      callback(new Error("not today"), []);
    };
    connect({ host: "bücher.example", port: 7, lookup }).on("error", () => {});
  });
  assert.equal(asked, "xn--bcher-kva.example");
});

test("nodeConnector() refuses an unusable timeoutMs", () => {
  for (const timeoutMs of [0, -1, NaN, Infinity]) {
    assert.throws(() => nodeConnector(systemDialer(), { timeoutMs }), RangeError);
  }
});
