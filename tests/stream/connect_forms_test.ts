import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import {
  connect as connectHttp2,
  createSecureServer,
  createServer,
  type ServerHttp2Stream,
} from "node:http2";
import type { Server } from "node:net";
import { test } from "node:test";
import { type NodeConnector, nodeConnector } from "../../src/stream/mod.ts";
import { ca, server as certificate } from "../certs/certificates.ts";
import { dialerOf } from "../fakes/dialer_of.ts";
import { countingDialer } from "./counting_dialer.ts";
import { closeServer, listen, netPeer, textOf } from "./net_peer.ts";

/** A connector that dials nothing, and what it was asked for. */
function askedConnector(): NodeConnector & { asked: string[] } {
  const asked: string[] = [];
  const dialer = dialerOf((network, address) => {
    asked.push(`${network} ${address}`);
    return new Promise(() => {});
  });
  return { ...nodeConnector(dialer), asked };
}

const callback = () => {};

/** What each form dials. */
const forms: [args: unknown[], dialed: string][] = [
  [[{ host: "db.example", port: 5432 }], "tcp db.example:5432"],
  [[{ host: "db.example", port: 5432 }, callback], "tcp db.example:5432"],
  [[{ host: "db.example", port: 5432 }, undefined], "tcp db.example:5432"],
  [[{ hostname: "a.example", host: "b.example", port: "1" }], "tcp a.example:1"],
  [[5432, "db.example"], "tcp db.example:5432"],
  [[5432, "db.example", callback], "tcp db.example:5432"],
  [[5432, "db.example", undefined], "tcp db.example:5432"],
  [["5432", "[::1]"], "tcp [::1]:5432"],
  [[5432], "tcp localhost:5432"],
  [[5432, callback], "tcp localhost:5432"],
  [[5432, undefined, callback], "tcp localhost:5432"],
  [["/run/db.sock"], "unix /run/db.sock"],
  [["/run/db.sock", callback], "unix /run/db.sock"],
  [["db.sock"], "unix db.sock"],
  [[{ path: "/run/db.sock" }], "unix /run/db.sock"],
  [[{ path: "/run/db.sock", host: null, port: undefined }], "unix /run/db.sock"],
  [[{ socketPath: "/run/db.sock", host: "db.example" }], "unix /run/db.sock"],
  [[{ path: "/search", host: "web.example" }], "tcp web.example:80"],
  [[{ path: "/search", hostname: "web.example" }], "tcp web.example:80"],
  [[{ path: "/search", port: 8080 }], "tcp localhost:8080"],
  [[{ path: "/search", host: "web.example", protocol: "https:" }], "tcp web.example:443"],
  [[{ host: "db.example", port: 0 }], "tcp db.example:0"],
  [[new URL("http://web.example/search")], "tcp web.example:80"],
  [[new URL("https://web.example:8443"), callback], "tcp web.example:8443"],
  [["https://web.example"], "tcp web.example:443"],
  [["wss://[::1]/chat"], "tcp [::1]:443"],
  [[new URL("http://web.example"), {}], "tcp web.example:80"],
  [["http://web.example", { port: 1, host: "other.example" }, callback], "tcp web.example:80"],
  [["tls://db.example:5433"], "tcp db.example:5433"],
  [["http://bücher.example"], "tcp xn--bcher-kva.example:80"],
];

test("connect() takes every form of Node's own", () => {
  for (const [args, dialed] of forms) {
    const { connect, asked } = askedConnector();
    const stream = Reflect.apply(connect, undefined, args);
    stream.on("error", () => {}).destroy();
    assert.deepEqual(asked, [dialed], JSON.stringify(args));
  }
});

test("connect() calls back with (error, stream) in every form", async () => {
  for (const [args] of forms.filter(([args]) => args.at(-1) === callback)) {
    const failure = new Error("not today");
    const { connect } = nodeConnector(dialerOf(() => Promise.reject(failure)));
    const [error, stream] = await new Promise<unknown[]>((resolve) => {
      const told = (...all: unknown[]) => resolve(all);
      Reflect.apply(connect, undefined, [...args.slice(0, -1), told]);
    });
    assert.equal((error as Error).cause, failure, JSON.stringify(args));
    assert.equal(stream, null);
  }
  const peer = await netPeer();
  try {
    const { connect } = nodeConnector(countingDialer());
    const [error, stream] = await new Promise<unknown[]>((resolve) => {
      const connected = connect(peer.port, "127.0.0.1", (...all) => resolve([...all, connected]));
    });
    assert.equal(error, null);
    (stream as { destroy(): void }).destroy();
  } finally {
    await peer.close();
  }
});

test("connect() refuses what is none of these at once, quotes nothing, and dials nothing", () => {
  const secret = "s3cret";
  const wrong: unknown[][] = [
    ...[[], [undefined], [null], [true], [callback], [""], [[]], [Symbol("x")], [1n]],
    ...[[5432, 5432], [5432, {}], [5432, "db.example", "x"], [5432, "db.example", {}]],
    ...[["/run/db.sock", "x"], ["/run/db.sock", {}], [{ port: 1 }, "x"], [{ port: 1 }, {}]],
    ...[[`http://user:${secret}@[::1`], [`rediss://user:${secret}@db.example:1`]],
    ...[[`tcp://user:${secret}@db.example`], ["https://a.example", "x"]],
    ...[[{ host: 5 }], [{ hostname: {} }], [{ socketPath: 5 }], [{ path: {} }]],
    ...[[{ port: true }], [{ port: {} }], [{ port: secret }], [{ port: "1e3" }]],
  ];
  for (const args of wrong) {
    const { connect, asked } = askedConnector();
    assert.throws(() => Reflect.apply(connect, undefined, args), (error: Error) => {
      assert.ok(error instanceof TypeError, String(error));
      assert.ok(!error.message.includes(secret), error.message);
      return true;
    }, args.map(String).join());
    assert.deepEqual(asked, []);
  }
  for (const port of [65536, -1, 1.5, NaN]) {
    const { connect, asked } = askedConnector();
    assert.throws(() => connect(port, "db.example"), RangeError);
    assert.throws(() => connect({ host: "db.example", port }), RangeError);
    assert.deepEqual(asked, []);
  }
});

test("http2.connect() goes through connect, in TLS and without", async () => {
  for (const secure of [true, false]) {
    const server = secure ? createSecureServer(certificate) : createServer();
    server.on("stream", (stream: ServerHttp2Stream, headers) => {
      stream.respond({ ":status": 200 });
      stream.end(`you asked for ${headers[":path"]}`);
    });
    const dialer = countingDialer();
    const { connect: createConnection } = nodeConnector(dialer, { tls: { ca: ca.cert } });
    try {
      const port = await listen(server as unknown as Server);
      const scheme = secure ? "https" : "http";
      const session = connectHttp2(`${scheme}://localhost:${port}`, { createConnection });
      const request = session.request({ ":path": "/search" });
      assert.equal(await textOf(request), "you asked for /search");
      assert.deepEqual(dialer.dials.map(({ address }) => address), [`localhost:${port}`]);
      const closed = once(session, "close");
      session.close();
      await closed;
    } finally {
      await closeServer(server as unknown as Server);
    }
  }
});

test("http.request() with a socketPath is dialed over unix", async () => {
  const asked: string[] = [];
  const { connect, httpAgent } = nodeConnector(dialerOf((network, address) => {
    asked.push(`${network} ${address}`);
    return Promise.reject(new Error("not today"));
  }));
  const socketPath = "/run/web.sock";
  for (const way of [{ agent: httpAgent() }, { createConnection: connect }]) {
    const options = { socketPath, path: "/search", ...way } as http.RequestOptions;
    await once(http.get(options), "response").catch(() => {});
  }
  assert.deepEqual(asked, [`unix ${socketPath}`, `unix ${socketPath}`]);
});
