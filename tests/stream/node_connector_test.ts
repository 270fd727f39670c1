import assert from "node:assert/strict";
import http from "node:http";
import https from "node:https";
import type { AddressInfo, Server } from "node:net";
import test from "node:test";
import * as tls from "node:tls";
import * as undici from "undici";
import { WebSocket, WebSocketServer } from "ws";
import { nodeConnector } from "../../src/stream/mod.ts";
import { ca, selfSigned, server } from "../certs/certificates.ts";
import { countingDialer } from "./counting_dialer.ts";

test("httpAgent() sends two requests over one dialed connection", { timeout: 10_000 }, async () => {
  const dialer = countingDialer();
  const agent = nodeConnector(dialer).httpAgent({ keepAlive: true });
  const peer = http.createServer((request, response) => response.end(request.url));
  try {
    const port = await listen(peer);
    assert.equal(await get(`http://127.0.0.1:${port}/one`, { agent }), "/one");
    assert.equal(await get(`http://127.0.0.1:${port}/two`, { agent }), "/two");
    assert.deepEqual(dialer.dials.map(({ address }) => address), [`127.0.0.1:${port}`]);
  } finally {
    agent.destroy();
    await close(peer);
  }
});

test("httpsAgent() does the same over TLS", { timeout: 10_000 }, async () => {
  const dialer = countingDialer();
  const agent = nodeConnector(dialer, { tls: { ca: ca.cert } }).httpsAgent({ keepAlive: true });
  const peer = https.createServer(server, (request, response) => response.end(request.url));
  try {
    const port = await listen(peer);
    assert.equal(await get(`https://localhost:${port}/one`, { agent }), "/one");
    assert.equal(await get(`https://localhost:${port}/two`, { agent }), "/two");
    assert.deepEqual(dialer.dials.map(({ address }) => address), [`localhost:${port}`]);
  } finally {
    agent.destroy();
    await close(peer);
  }
});

function get(url: string, options: https.RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = url.startsWith("https:") ? https : http;
    client.get(url, options, (response) => {
      let body = "";
      response.on("data", (chunk) => body += chunk).on("end", () => resolve(body));
    }).on("error", reject);
  });
}

function listen(peer: Server): Promise<number> {
  return new Promise((resolve) => {
    peer.listen(0, "127.0.0.1", () => resolve((peer.address() as AddressInfo).port));
  });
}

function close(peer: Server | http.Server): Promise<void> {
  if ("closeAllConnections" in peer) peer.closeAllConnections();
  return new Promise((resolve) => peer.close(() => resolve()));
}
