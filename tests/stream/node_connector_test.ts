import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import { createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { connect as tlsConnect, createServer as createTlsServer } from "node:tls";
import { Agent as UndiciAgent, fetch as undiciFetch, request as undiciRequest } from "undici";
import { type ClientOptions, WebSocket, WebSocketServer } from "ws";
import { systemDialer } from "../../adapters/system.ts";
import { deriveConn } from "../../src/conn/derive_conn.ts";
import { type NodeConnector, nodeConnector, toDuplex } from "../../src/stream/mod.ts";
import { ca, server as certificate } from "../certs/certificates.ts";
import { runtime } from "../runtime.ts";
import { type CountingDialer, countingDialer } from "./counting_dialer.ts";
import { closeServer, listen, textOf } from "./net_peer.ts";
import { dialerOf } from "../fakes/dialer_of.ts";

interface Client {
  dialer: CountingDialer;
  connector: NodeConnector;
  url: string;
  port: number;
  /** The server's sockets. */
  accepted: Socket[];
}

/** Starts a server that answers with the request's path, and closes it afterwards. */
async function withServer(
  scheme: "http" | "https",
  use: (client: Client) => Promise<void>,
): Promise<void> {
  const answer: http.RequestListener = (request, response) => response.end(request.url);
  const server = scheme === "https"
    ? https.createServer(certificate, answer)
    : http.createServer(answer);
  const accepted: Socket[] = [];
  server.on(scheme === "https" ? "secureConnection" : "connection", (socket: Socket) => {
    accepted.push(socket);
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket, { url }) => {
    socket.on("message", (message) => socket.send(`${url} ${message}`));
  });
  try {
    const port = await listen(server as Server, "127.0.0.1");
    const dialer = countingDialer();
    const connector = nodeConnector(dialer, { tls: { ca: ca.cert } });
    await use({ dialer, connector, url: `${scheme}://localhost:${port}`, port, accepted });
  } finally {
    sockets.close();
    await closeServer(server as Server);
  }
}

for (const scheme of ["http", "https"] as const) {
  test(`${scheme}Agent() sends two requests over one connection`, async () => {
    await withServer(scheme, async ({ dialer, connector, url, port }) => {
      const agent = connector[`${scheme}Agent`]({ keepAlive: true });
      assert.equal(await get(`${url}/one`, { agent }), "/one");
      assert.equal(await get(`${url}/two`, { agent }), "/two");
      assert.deepEqual(dialer.dials.map(({ address }) => address), [`localhost:${port}`]);
      agent.destroy();
      await assert.rejects(dialer.conns[0]!.read(new Uint8Array(1)), { code: "ERR_CONN_CLOSED" });
    });
  });

  test(`connect() is createConnection for ${scheme} requests without an agent`, async () => {
    await withServer(scheme, async ({ dialer, connector, url }) => {
      const { connect: createConnection } = connector;
      assert.equal(await get(`${url}/one`, { createConnection }), "/one");
      assert.equal(dialer.dials.length, 1);
    });
  });

  test(`${scheme}Agent() dials again once the server has ended the connection`, async () => {
    await withServer(scheme, async ({ dialer, connector, url, accepted }) => {
      const agent = connector[`${scheme}Agent`]({ keepAlive: true });
      const freed = once(agent, "free");
      assert.equal(await get(`${url}/one`, { agent }), "/one");
      const [socket] = await freed;
      const closed = once(socket, "close");
      accepted[0]!.end();
      await closed;
      assert.equal(await get(`${url}/two`, { agent }), "/two");
      assert.equal(dialer.dials.length, 2);
      agent.destroy();
    });
  });

  for (const way of ["agent", "createConnection"] as const) {
    const protocol = scheme === "https" ? "wss" : "ws";
    test(`a WebSocket goes through the ${way} (${protocol})`, async () => {
      await withServer(scheme, async ({ dialer, connector, port }) => {
        const agent = connector[`${scheme}Agent`]();
        const options = way === "agent" ? { agent } : { createConnection: connector.connect };
        const socket = new WebSocket(
          `${protocol}://localhost:${port}/chat`,
          options as ClientOptions,
        );
        await once(socket, "open");
        socket.send("hello");
        const [message] = await once(socket, "message");
        assert.equal(String(message), "/chat hello");
        assert.equal(dialer.dials.length, 1);
        const closed = once(socket, "close");
        socket.close();
        await closed;
        agent.destroy();
      });
    });
  }

  // Bun puts its own undici in the package's place, which ignores `connect`.
  test(`undici's Agent({ connect }) dials, but not on Bun (${scheme})`, async () => {
    await withServer(scheme, async ({ dialer, connector, url }) => {
      const dispatcher = new UndiciAgent({ connect: connector.connect, connections: 1 });
      // Bun's own has no certificate to trust.
      if (runtime === "bun" && scheme === "https") return;
      for (const path of ["/one", "/two"]) {
        const { body } = await undiciRequest(`${url}${path}`, { dispatcher });
        assert.equal(await body.text(), path);
        assert.equal(await (await undiciFetch(`${url}${path}`, { dispatcher })).text(), path);
      }
      assert.equal(dialer.dials.length, runtime === "bun" ? 0 : 1);
      if (runtime !== "bun") await dispatcher.close();
    });
  });
}

// Node's takes a dispatcher of an undici that is like its own, or fails.
if (runtime !== "node") {
  test("the runtime's own fetch ignores a dispatcher", async () => {
    await withServer("http", async ({ dialer, connector, url }) => {
      const dispatcher = new UndiciAgent({ connect: connector.connect });
      const response = await fetch(`${url}/own`, { dispatcher } as unknown as RequestInit);
      assert.equal(await response.text(), "/own");
      assert.equal(dialer.dials.length, 0);
    });
  });
}

for (const scheme of ["http", "https"] as const) {
  test(`what nobody takes stops the connection below, and is all there later (${scheme})`, async () => {
    const bytes = 16 * 1024 * 1024;
    const answer = (socket: Socket) => {
      socket.on("error", () => {});
      socket.end(Buffer.alloc(bytes, 1));
    };
    const server = scheme === "https" ? createTlsServer(certificate, answer) : createServer(answer);
    try {
      const port = await listen(server);
      let read = 0;
      const dialer = dialerOf(async (...args) => {
        const conn = deriveConn(await systemDialer().dialContext(...args), {});
        const receive = conn.read.bind(conn);
        conn.read = async (buffer) => {
          const count = await receive(buffer);
          read += count ?? 0;
          return count;
        };
        return conn;
      });
      const { connect } = nodeConnector(dialer, { tls: { ca: ca.cert } });
      const stream = connect({ host: "127.0.0.1", port, protocol: `${scheme}:` });
      let taken = 0;
      stream.on("data", (chunk: Uint8Array) => taken += chunk.length);
      await once(stream, "data");
      stream.pause();
      // What is under way may come yet; then nothing more may.
      for (let last = -1; last !== read; last = read, await delay(100));
      assert.ok(read < bytes / 4, `stopped after ${read} bytes`);
      stream.resume();
      await once(stream, "end");
      assert.equal(taken, bytes);
      stream.destroy();
    } finally {
      await closeServer(server);
    }
  });
}

test("TLS by node:tls goes over a dialed connection", async () => {
  await withServer("https", async ({ dialer, port }) => {
    const conn = await dialer.dialContext("tcp", `127.0.0.1:${port}`);
    const socket = tlsConnect({ socket: toDuplex(conn), ca: ca.cert, host: "127.0.0.1" });
    await once(socket, "secureConnect");
    assert.equal(socket.authorized, true);
    socket.write("GET /one HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert.match(await textOf(socket), /^HTTP\/1\.1 200 OK\r\n[^]*\/one\r?\n?/);
  });
});

test("https and wss verify the server", async () => {
  await withServer("https", async ({ dialer, url, port }) => {
    const untrusting = nodeConnector(dialer);
    const unknown = { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" };
    const agent = untrusting.httpsAgent();
    await assert.rejects(get(url, { agent }), unknown);
    const connection = { createConnection: untrusting.connect };
    await assert.rejects(get(url, connection), unknown);
    const socket = new WebSocket(`wss://localhost:${port}/`, connection as ClientOptions);
    await assert.rejects(once(socket, "open"), unknown);
    const named = nodeConnector(dialer, { tls: { ca: ca.cert } });
    const wrong = named.httpsAgent({ servername: "peer.example" });
    await assert.rejects(get(url, { agent: wrong }), { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
  });
});

test("a failed dial is the request's error", async () => {
  const { httpAgent, httpsAgent, connect } = nodeConnector(countingDialer());
  const refused = { name: "DialError", code: "ECONNREFUSED" };
  await assert.rejects(get("http://127.0.0.1:1/", { agent: httpAgent() }), refused);
  await assert.rejects(get("https://127.0.0.1:1/", { agent: httpsAgent() }), refused);
  await assert.rejects(get("http://127.0.0.1:1/", { createConnection: connect }), refused);
  if (runtime === "bun") return;
  const dispatcher = new UndiciAgent({ connect });
  await assert.rejects(undiciRequest("http://127.0.0.1:1/", { dispatcher }), refused);
  await assert.rejects(undiciRequest("https://127.0.0.1:1/", { dispatcher }), refused);
});

test("an aborted request aborts its dial", async () => {
  for (const scheme of ["http", "https"] as const) {
    let dialed: AbortSignal | undefined;
    await new Promise<void>((resolve, reject) => {
      const connector = nodeConnector({
        dialContext(_network, _address, options) {
          dialed = options?.signal;
          resolve();
          return new Promise((_, reject) => {
            dialed?.addEventListener("abort", () => reject(dialed?.reason));
          });
        },
      });
      const agent = connector[`${scheme}Agent`]();
      const controller = new AbortController();
      const { signal } = controller;
      get(`${scheme}://peer.example/`, { agent, signal }).then(reject, () => {});
      setImmediate(() => controller.abort());
    });
    if (!dialed!.aborted) await once(dialed!, "abort");
  }
});

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function get(url: string, options: https.RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = url.startsWith("https:") ? https : http;
    client.get(url, options, (response) => textOf(response).then(resolve, reject))
      .on("error", reject);
  });
}

test("nodeConnector() refuses what is no dialer, and a time that is none", () => {
  for (const wrong of [undefined, null, {}, "tcp"]) {
    assert.throws(() => nodeConnector(wrong as never), {
      name: "TypeError",
      message: /^Cannot connect through .*: it has no dialContext method$/,
    });
  }
  for (const timeoutMs of [0, -1, NaN, Infinity]) {
    assert.throws(() => nodeConnector(systemDialer(), { timeoutMs }), RangeError);
  }
});
