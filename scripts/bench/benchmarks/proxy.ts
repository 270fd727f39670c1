import type { Socket } from "node:net";
import { HttpsProxyAgent } from "https-proxy-agent";
import { SocksClient } from "socks";
import { type ContextDialer, splitHostPort, systemDialer } from "../../../mod.ts";
import { httpConnectDialer, socks5Dialer } from "../../../src/proxy/mod.ts";
import { password, plainPassword, username } from "../../../tests/peers/credentials.ts";
import { danteMissing, startDante } from "../../../tests/peers/dante.ts";
import { microsocksMissing, startMicrosocks } from "../../../tests/peers/microsocks.ts";
import { startTinyproxy, tinyproxyMissing } from "../../../tests/peers/tinyproxy.ts";
import type { Benchmark, Peers, Run, Setting } from "../benchmark.ts";
import { dialerClient } from "../dialer_client.ts";

/**
 * Through microsocks, dante and tinyproxy, against the packages `socks` and `https-proxy-agent` and
 * a direct connection.
 */
export const benchmark: Benchmark = {
  options: { rounds: 7, mib: 256, dials: 300 },
  heading: ({ rounds, mib, dials }) => [
    `${dials} dials, ${mib} MiB down the tunnel through dante, medians of ${rounds} rounds, ms`,
    "theirs: socks, https-proxy-agent; for the tunnel a direct connection of ours",
  ],
  startPeers,
  groups: { all: { cases } },
};

async function startPeers(): Promise<Peers> {
  for (const missing of [microsocksMissing, danteMissing, tinyproxyMissing]) {
    if (missing !== undefined) {
      throw new Error(`The benchmark's proxies are not all there: ${missing}`);
    }
  }
  const proxies = [
    await startMicrosocks("none"),
    await startDante({ method: "username" }),
    await startTinyproxy(),
  ];
  return {
    addresses: proxies.map(({ address }) => address),
    stop: () => Promise.all(proxies.map((proxy) => proxy.stop())),
  };
}

function cases({ port, peers, options }: Setting) {
  const [microsocks, dante, tinyproxy] = peers as [string, string, string];
  const bytes = options["mib"]! * 1024 * 1024;
  const login = { username, password };
  const plainLogin = { username, password: plainPassword };

  /** All hang up by a reset: what a close costs is something else. */
  const many = (dial: () => Promise<void>): Run => async () => {
    for (let i = 0; i < options["dials"]!; i++) await dial();
  };
  const dials = (dialer: ContextDialer) =>
    many(async () => (await dialer.dialContext("tcp", `127.0.0.1:${port}`)).reset());
  const download = (dialer: ContextDialer) => () => dialerClient(dialer).read(port, bytes);

  return {
    "socks5": {
      theirs: many(() => dialSocks(port, microsocks)),
      ours: dials(socks5Dialer({ server: microsocks })),
    },
    "socks5 login": {
      theirs: many(() => dialSocks(port, dante, { userId: username, password })),
      ours: dials(socks5Dialer({ server: dante, credentials: login })),
    },
    "connect": {
      theirs: many(agentDial(port, tinyproxy)),
      ours: dials(httpConnectDialer({ server: tinyproxy, credentials: plainLogin })),
    },
    "tunnel": {
      theirs: download(systemDialer()),
      ours: download(socks5Dialer({ server: dante, credentials: login })),
    },
  };
}

async function dialSocks(
  port: number,
  server: string,
  login?: { userId: string; password: string },
): Promise<void> {
  const { host, port: proxyPort } = splitHostPort(server);
  const { socket } = await SocksClient.createConnection({
    proxy: { host, port: proxyPort, type: 5, ...login },
    command: "connect",
    destination: { host: "127.0.0.1", port },
    set_tcp_nodelay: true,
  });
  socket.resetAndDestroy();
}

function agentDial(port: number, server: string): () => Promise<void> {
  const credentials = `${username}:${encodeURIComponent(plainPassword)}`;
  const agent = new HttpsProxyAgent(`http://${credentials}@${server}`);
  // All that the agent does with a request is to tell it of the proxy and the socket.
  const request = { emit() {}, once() {} } as never;
  return async () => {
    const options = { host: "127.0.0.1", port, secureEndpoint: false } as never;
    const socket = await agent.connect(request, options) as Socket;
    socket.resetAndDestroy();
  };
}
