import assert from "node:assert/strict";
import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { connect as netConnect, type Server } from "node:net";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { connect as tlsConnect } from "node:tls";
import { systemDialer } from "../../adapters/system.ts";
import { formatReport } from "../../src/observe/mod.ts";
import { dialReportOf, nodeConnector, type StreamReport, toDuplex } from "../../src/stream/mod.ts";
import { ca, server as certificate } from "../certs/certificates.ts";
import { listenTls } from "../tls/tls_peers.ts";
import { closeServer, listen, netPeer } from "./net_peer.ts";

function assertReport(report: StreamReport | undefined, port: number, what: string): void {
  assert.ok(report !== undefined, what);
  assert.equal(report.outcome, "ok");
  assert.deepEqual(report.hops, []);
  assert.ok(report.conn.remoteAddr.transport === "tcp" && report.conn.remoteAddr.port === port);
  assert.match(formatReport(report), /connected/);
}

for (const scheme of ["http", "https"] as const) {
  test(`dialReportOf() tells of the socket of a response (${scheme})`, async () => {
    const answer: http.RequestListener = (_request, response) => response.end("hello");
    const server = scheme === "https"
      ? https.createServer(certificate, answer)
      : http.createServer(answer);
    try {
      const port = await listen(server as Server, "127.0.0.1");
      const connector = nodeConnector(systemDialer(), { tls: { ca: ca.cert } });
      const agent = connector[`${scheme}Agent`]({ keepAlive: true });
      const client = scheme === "https" ? https : http;
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        client.get(`${scheme}://localhost:${port}/`, { agent }, resolve).on("error", reject);
      });
      assertReport(dialReportOf(response.socket), port, scheme);
      await once(response.resume(), "end");
      agent.destroy();
    } finally {
      await closeServer(server as Server);
    }
  });
}

test("dialReportOf() tells of every stream over a connection", async () => {
  const peer = await netPeer();
  try {
    const { connect, socket } = nodeConnector(systemDialer());
    const connected = connect(peer.port, "127.0.0.1");
    assert.equal(dialReportOf(connected), undefined, "not yet");
    await once(connected, "connect");
    const later = socket();
    assert.equal(dialReportOf(later), undefined, "not yet");
    later.connect(peer.port, "127.0.0.1");
    await once(later, "connect");
    const made = toDuplex(await systemDialer().dialContext("tcp", peer.address));
    for (const [what, stream] of Object.entries({ connected, later, made })) {
      assertReport(dialReportOf(stream), peer.port, what);
      stream.destroy();
      assertReport(dialReportOf(stream), peer.port, `${what}, destroyed`);
    }
  } finally {
    await peer.close();
  }
});

test("dialReportOf() tells of what is under TLS, ours or node:tls'", async () => {
  const listener = await listenTls();
  const [host, port] = listener.address.split(":") as [string, string];
  try {
    const { connect, socket } = nodeConnector(systemDialer(), { tls: { ca: ca.cert } });
    const ours = connect({ host, port, protocol: "tls:" });
    await once(ours, "secureConnect");
    assertReport(dialReportOf(ours), Number(port), "ours");
    const transport = socket();
    transport.connect(Number(port), host);
    const theirs = tlsConnect({ socket: transport, ca: ca.cert, host });
    await once(theirs, "secureConnect");
    assertReport(dialReportOf(theirs), Number(port), "node:tls'");
    ours.destroy();
    theirs.destroy();
  } finally {
    await listener.close();
  }
});

test("dialReportOf() knows nothing of what is not of this module", async () => {
  const peer = await netPeer();
  try {
    const direct = netConnect(peer.port, "127.0.0.1");
    await once(direct, "connect");
    for (const other of [direct, new PassThrough(), {}, null, undefined]) {
      assert.equal(dialReportOf(other), undefined);
    }
    direct.destroy();
  } finally {
    await peer.close();
  }
});
