import assert from "node:assert/strict";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import type { ConnectionOptions } from "node:tls";
import { systemDialer } from "../../adapters/system.ts";
import { ioredisConnector } from "../../src/stream/mod.ts";
import { ca } from "../certs/certificates.ts";
import { dialerOf } from "../fakes/dialer_of.ts";
import { listenTls } from "../tls/tls_peers.ts";
import { countingDialer } from "./counting_dialer.ts";
import { netPeer, textOf } from "./net_peer.ts";

interface RedisOptions {
  host?: string;
  port?: number;
  path?: string;
  family?: number;
  tls?: ConnectionOptions;
  disconnectTimeout?: number;
}

/** What ioredis calls of a connector. */
interface Connector {
  connect(onError: (type: string, error: Error) => void): Promise<Duplex & { connecting: boolean }>;
  disconnect(): void;
  check(info: object): boolean;
  firstError?: Error;
}

const ignored = () => {};

test("ioredisConnector() connects as ioredis asks it to", async () => {
  const peer = await netPeer();
  try {
    const dialer = countingDialer();
    const Connector = ioredisConnector(dialer);
    const options: RedisOptions = { host: "127.0.0.1", port: peer.port, family: 4 };
    const connector: Connector = new Connector(options);
    // Once for each reconnect.
    for (let time = 1; time <= 2; time++) {
      const stream = await connector.connect(ignored);
      assert.equal(stream.connecting, true);
      await once(stream, "connect");
      assert.equal(connector.check({ role: "master" }), true);
      stream.write("PING\r\n");
      const socket = await peer.accept();
      assert.equal(String((await once(socket, "data"))[0]), "PING\r\n");
      const ended = once(socket, "end");
      connector.disconnect();
      await ended;
      socket.end();
      await once(stream, "close");
      assert.equal(dialer.dials.length, time);
    }
    assert.equal(dialer.dials[0]!.network, "tcp4");
  } finally {
    await peer.close();
  }
});

test("ioredisConnector() makes TLS with the option tls, and connects to a path", async () => {
  const listener = await listenTls();
  const [host, port] = listener.address.split(":");
  try {
    const Connector = ioredisConnector(systemDialer());
    const tls = { ca: ca.cert };
    const connector: Connector = new Connector({ host, port: Number(port), tls });
    const stream = await connector.connect(ignored);
    await once(stream, "secureConnect");
    stream.destroy();
    // `tls: true` is what a URL with rediss: comes to.
    const untrusting: Connector = new Connector({ host, port: Number(port), tls: true });
    const failing = await untrusting.connect(ignored);
    await assert.rejects(once(failing, "secureConnect"));
  } finally {
    await listener.close();
  }
  const asked: string[] = [];
  const dialer = dialerOf((network, address) => {
    asked.push(`${network} ${address}`);
    return new Promise(() => {});
  });
  const Connector = ioredisConnector(dialer);
  const connector: Connector = new Connector({
    path: "/run/redis.sock",
    host: "localhost",
    port: 1,
  });
  (await connector.connect(ignored)).destroy();
  assert.deepEqual(asked, ["unix /run/redis.sock"]);
});

test("disconnect() of an ioredisConnector() ends what is under way", async () => {
  const peer = await netPeer();
  try {
    const Connector = ioredisConnector(systemDialer());
    const options = { host: "127.0.0.1", port: peer.port, disconnectTimeout: 20 };
    const connector: Connector = new Connector(options);
    connector.disconnect();
    const connecting = connector.connect(ignored);
    connector.disconnect();
    await assert.rejects(connecting, { message: "Connection is closed." });
    // A server that does not end in its turn is not waited for.
    const stream = await connector.connect(ignored);
    await once(stream, "connect");
    const socket = await peer.accept();
    const heard = textOf(socket);
    connector.disconnect();
    await once(stream, "close");
    assert.equal(await heard, "");
  } finally {
    await peer.close();
  }
});

test("a failed dial is an error of the stream, and firstError of the connector", async () => {
  const Connector = ioredisConnector(systemDialer());
  const connector: Connector = new Connector({ host: "127.0.0.1", port: 1 });
  const stream = await connector.connect(ignored);
  const error = await once(stream, "connect").catch((error) => error);
  assert.equal(error.code, "ECONNREFUSED");
  assert.equal(connector.firstError, error);
});

test("ioredisConnector() refuses what would be dialed otherwise", () => {
  const Connector = ioredisConnector(systemDialer());
  assert.throws(() => new Connector({ sentinels: [{ host: "a.example" }] }), TypeError);
  assert.throws(() => new Connector("redis://user:secret@host"), TypeError);
  assert.throws(() => ioredisConnector({} as never), TypeError);
  assert.throws(() => ioredisConnector(systemDialer(), { timeout: 1 } as never), TypeError);
});
