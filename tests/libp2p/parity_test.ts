import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { ComponentLogger, Metrics } from "@libp2p/interface";
import { tcp as theirs, type TCPDialOptions, type TCPOptions } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { tcp, type TcpDialOptions, type TcpOptions } from "../../src/libp2p/mod.ts";
import { runtime } from "../runtime.ts";
import { makeNode, type Node, type NodeOptions } from "./nodes/make_node.ts";
import { maOf, peers, withConnection } from "./nodes/transport_trial.ts";

// What users of @libp2p/tcp know it by, of both side by side.

type Missing =
  | Exclude<keyof TCPOptions, keyof TcpOptions>
  | Exclude<keyof TCPDialOptions, keyof TcpDialOptions>;

/** Of no use but to the type checker, which says here what option is missing or of another type. */
export const options: [Missing] extends [never] ? TcpOptions : Missing = {} as Required<TCPOptions>;

/** What a node counts, and the scopes it logs under. */
class Watch {
  /** Kind, label and help of each of the transport's groups, by its name. */
  readonly groups: Record<string, unknown> = {};
  readonly values: Record<string, Record<string, number>> = {};
  readonly scopes = new Set<string>();

  readonly metrics = (): Metrics => {
    const register =
      (kind: string) => (name: string, options: { label?: string; help?: string }) => {
        const values: Record<string, number> = this.values[name] ??= {};
        if (name.includes("_tcp_")) {
          const { label, help } = options;
          this.groups[name] = { kind, label, help, calculates: "calculate" in options };
        }
        const note = (given: Record<string, number | true> = {}) => {
          for (const [key, value] of Object.entries(given)) {
            values[key] = value === true ? (values[key] ?? 0) + 1 : value;
          }
        };
        return { increment: note, update: note, decrement() {}, reset() {} };
      };
    return new Proxy({} as Metrics, {
      get: (_, name) =>
        /^register(.*)$/.test(String(name)) ? register(String(name)) : () => undefined,
    });
  };

  readonly logger: ComponentLogger = {
    forComponent: (scope: string) => {
      const note = (scope: string) => () => {
        // What the upgrader adds has a random number in it.
        if (/^libp2p:tcp(:(connection|listener))?(:error)?$/.test(scope)) this.scopes.add(scope);
      };
      return Object.assign(note(scope), {
        error: note(`${scope}:error`),
        trace: () => {},
        enabled: true,
        newScope: (name: string) => this.logger.forComponent(`${scope}:${name}`),
      });
    },
  };

  /** Of the values, those of the transport, without the ports in their names. */
  counted(): unknown {
    const ofTcp = Object.entries(this.values).filter(([name]) => name.includes("_tcp_"));
    return Object.fromEntries(ofTcp.map(([name, values]) => [
      name,
      Object.fromEntries(Object.entries(values).map(([k, v]) => [k.replace(/:\d+/, ""), v])),
    ]));
  }
}

async function withWatched(
  options: NodeOptions,
  run: (node: Node, watch: Watch) => Promise<void>,
): Promise<Watch> {
  const watch = new Watch();
  const { metrics, logger } = watch;
  const node = await makeNode({ ...options, libp2p: { metrics, logger } });
  try {
    await run(node, watch);
  } finally {
    await node.stop();
  }
  return watch;
}

/** What nodes with the transport tell of a connection and a refusal. */
async function tellAll(transport: "ours" | "theirs") {
  const progress: string[] = [];
  const ended = Promise.withResolvers<void>();
  let dialing!: Watch;
  const listen = ["/ip4/127.0.0.1/tcp/0", "/ip6/::1/tcp/0"];
  const listening = await withWatched({ transport, listen }, async (listener) => {
    listener.addEventListener("connection:close", () => ended.resolve());
    dialing = await withWatched({ transport }, async (node) => {
      const identified = new Promise((resolve) => node.addEventListener("peer:identify", resolve));
      const connection = await node.dial(listener.getMultiaddrs()[0]!, {
        onProgress: (event) => progress.push(`${event.type}: ${event instanceof Event}`),
      });
      await identified;
      await connection.close();
      await ended.promise;
      await assert.rejects(node.dial(multiaddr(maOf(peers.refused))));
    });
  });
  const of = ({ groups, scopes }: Watch) => ({ groups, scopes: [...scopes].sort() });
  // How the listening side counts an end depends on who was first.
  const told = { dialing: of(dialing), counted: dialing.counted(), listening: of(listening) };
  return { told, progress, listening: listening.counted() };
}

test("a node counts and logs with tcp() what it does with @libp2p/tcp, and tells the same progress", async () => {
  const [ours, expected] = [await tellAll("ours"), await tellAll("theirs")];
  assert.deepEqual(ours.told, expected.told);
  assert.match(JSON.stringify(ours.listening), /"127.0.0.1 connection":1,"127.0.0.1 end":1/);
  const added = /^tcp:(lookup|attempt|handshake)-/;
  assert.deepEqual(ours.progress.filter((event) => !added.test(event)), expected.progress);
  assert.ok(ours.progress.some((event) => added.test(event)));
});

test("tcp() dials and listens on what @libp2p/tcp does, also of what is odd", () => {
  const peer = "/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC";
  const odd = [
    "/ip4/127.0.0.1",
    "/ip4/127.0.0.1/tcp/0",
    "/ip4/127.0.0.1/ipcidr/8/tcp/1",
    "/ip4/127.0.0.1/tcp/1/tls",
    "/ip4/127.0.0.1/tcp/1/tls/ws",
    "/ip4/127.0.0.1/tcp/1/tls/sni/peer.example/ws",
    `/ip4/127.0.0.1/tcp/1${peer}/p2p-circuit`,
    `/ip4/127.0.0.1/tcp/1${peer}/p2p-circuit${peer}`,
    `/ip4/127.0.0.1/tcp/1${peer}/http`,
    "/ip6zone/eth0/ip6/fe80::1",
    `/ip6zone/eth0/ip6/fe80::1/tcp/1${peer}`,
    "/ip6zone/eth0/ip4/127.0.0.1/tcp/1",
    "/ip6/::ffff:127.0.0.1/tcp/1",
    "/dns/peer.example",
    "/dns4/peer.example/tcp/1/wss",
    "/dns6/peer.example/udp/1/quic-v1",
    "/dnsaddr/peer.example",
    `/dnsaddr/peer.example${peer}`,
    `/dnsaddr/peer.example/tcp/1${peer}`,
    "/unix/%2Frun%2Fpeer.sock",
    `/unix/%2Frun%2Fpeer.sock${peer}`,
    "/unix/%2Frun%2Fpeer.sock/http",
    `/onion3/${"a".repeat(56)}:1`,
    "/memory/x",
    peer,
    `${peer}/p2p-circuit${peer}`,
  ].map((ma) => multiaddr(ma));
  const { logger } = new Watch();
  const [mine, expected] = [tcp()({ logger }), theirs()({ logger })];
  assert.deepEqual(mine.dialFilter(odd).map(String), expected.dialFilter(odd).map(String));
  assert.deepEqual(mine.listenFilter(odd).map(String), expected.listenFilter(odd).map(String));
});

const noProc = process.platform === "linux" ? undefined : "needs Linux's /proc/net/tcp";

/** When the keep-alive timer of the connection to a port of 127.0.0.1 runs out, in seconds; `undefined` for no timer. */
function keepAliveSeconds(port: number): number | undefined {
  const remote = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = readFileSync("/proc/net/tcp", "utf8").split("\n");
  const all = lines.map((line) => line.trim().split(/\s+/));
  // Only the one that is established: connections that are over may linger in TIME_WAIT, of a listener that had the same port.
  const fields = all.find((line) => line[2] === remote && line[3] === "01")!;
  const [kind, when] = fields[5]!.split(":");
  return kind === "02" ? Math.round(parseInt(when!, 16) / 100) : undefined;
}

const keepAlives: [TcpOptions["dialOpts"], seconds: number | undefined][] = [
  [{}, runtime === "deno" ? 7_200 : 15],
  [{ keepAliveInitialDelay: 100_000 }, 100],
  [{ keepAlive: false }, undefined],
];
for (const [options, seconds] of keepAlives) {
  test(`keep-alive is as ${JSON.stringify(options)} says, of all dials or of one`, {
    skip: noProc,
  }, async () => {
    for (const [all, one] of [[options, {}], [{}, options], [options, { noDelay: true }]]) {
      await withConnection(
        (connection) => {
          const [, port] = /tcp\/(\d+)$/.exec(connection.remoteAddr.toString())!;
          const found = keepAliveSeconds(Number(port));
          // The timer may have run for a little while.
          assert.ok(found === seconds || Math.abs(found! - seconds!) <= 5, `${found}`);
          return Promise.resolve();
        },
        { dialOpts: all! },
        one,
      );
    }
  });
}
