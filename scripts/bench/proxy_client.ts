/**
 * Measures dials and tunnels through proxies on one runtime. Prints the times as JSON. Arguments: the server's port, rounds, dials,
 * bytes, and the addresses of microsocks, dante (with credentials) and tinyproxy (with credentials).
 */
import type { Socket } from "node:net";
import { HttpsProxyAgent } from "https-proxy-agent";
import { SocksClient } from "socks";
import { type ContextDialer, splitHostPort, systemDialer } from "../../mod.ts";
import { httpConnectDialer, socks5Dialer } from "../../src/proxy/mod.ts";
import { password, plainPassword, username } from "../../tests/peers/credentials.ts";
import { alternate } from "./ratio_table.ts";
import { readRequest } from "./read_request.ts";

const [port, rounds, dials, bytes] = process.argv.slice(2, 6).map(Number) as [
  number,
  number,
  number,
  number,
];
const [microsocks, dante, tinyproxy] = process.argv.slice(6) as [string, string, string];
const target = `127.0.0.1:${port}`;

/** All hang up by a reset: what a close costs is something else. */
function dialsOf(dialer: ContextDialer): () => Promise<void> {
  return many(async () => (await dialer.dialContext("tcp", target)).reset());
}

function many(dial: () => Promise<void>): () => Promise<void> {
  return async () => {
    for (let i = 0; i < dials; i++) await dial();
  };
}

function socksDials(
  server: string,
  login?: { userId: string; password: string },
): () => Promise<void> {
  const { host, port: proxyPort } = splitHostPort(server);
  return many(async () => {
    const { socket } = await SocksClient.createConnection({
      proxy: { host, port: proxyPort, type: 5, ...login },
      command: "connect",
      destination: { host: "127.0.0.1", port },
      set_tcp_nodelay: true,
    });
    socket.resetAndDestroy();
  });
}

function agentDials(server: string): () => Promise<void> {
  const agent = new HttpsProxyAgent(
    `http://${username}:${encodeURIComponent(plainPassword)}@${server}`,
  );
  // All that the agent does with a request is to tell it of the proxy and the socket.
  const request = { emit() {}, once() {} } as never;
  return many(async () => {
    const options = { host: "127.0.0.1", port, secureEndpoint: false } as never;
    const socket = await agent.connect(request, options) as Socket;
    socket.resetAndDestroy();
  });
}

function download(dialer: ContextDialer): () => Promise<void> {
  const buffer = new Uint8Array(256 * 1024);
  return async () => {
    const conn = await dialer.dialContext("tcp", target);
    await conn.write(readRequest(bytes));
    let left = bytes;
    for (let count; (count = await conn.read(buffer)) !== null;) left -= count;
    conn.close();
    if (left !== 0) throw new Error(`${left} bytes are missing`);
  };
}

const credentials = { username, password };
const plain = socks5Dialer({ server: microsocks });
const cases = {
  "socks5": { theirs: socksDials(microsocks), ours: dialsOf(plain) },
  "socks5 login": {
    theirs: socksDials(dante, { userId: username, password }),
    ours: dialsOf(socks5Dialer({ server: dante, credentials })),
  },
  "connect": {
    theirs: agentDials(tinyproxy),
    ours: dialsOf(
      httpConnectDialer({ server: tinyproxy, credentials: { username, password: plainPassword } }),
    ),
  },
  "tunnel": {
    theirs: download(systemDialer()),
    ours: download(socks5Dialer({ server: dante, credentials })),
  },
};
console.log(JSON.stringify(await alternate(cases, rounds)));
