import assert from "node:assert/strict";
import { multiaddr } from "@multiformats/multiaddr";
import {
  type ComponentLogger,
  type Connection,
  type Metrics,
  type MultiaddrConnection,
  tcp,
  type TcpDialOptions,
  type TcpOptions,
  type TcpTransport,
} from "../../../src/libp2p/mod.ts";
import { type ListeningPeer, loopbackPeers, type PeerConn } from "../../../src/testing/mod.ts";

export const peers = loopbackPeers();

/** How a dial of a {@linkcode TransportTrial} differs from the plain one. */
export interface TrialDialOptions extends Partial<TcpDialOptions> {
  /** Stands for libp2p's upgrade; by default there is none, and the dial gives the connection below. */
  upgrade?(connection: MultiaddrConnection): Promise<Connection>;
}

/** A transport outside of a node, with what it counts and logs. */
export class TransportTrial {
  readonly transport: TcpTransport;
  /** By group and label. */
  readonly counters: Record<string, Record<string, number>> = {};
  /** How often each group was registered. */
  readonly registered: Record<string, number> = {};
  readonly logged: { scope: string; format: string }[] = [];
  readonly #opened: MultiaddrConnection[] = [];

  constructor(options?: TcpOptions) {
    this.transport = tcp(options)({ logger: this.#logger(), metrics: this.#metrics() });
  }

  /** Dials, and gives what libp2p's upgrader would get. */
  async dial(ma: string, options: TrialDialOptions = {}): Promise<MultiaddrConnection> {
    const { upgrade, ...rest } = options;
    const upgrader = {
      upgradeOutbound: async (connection: MultiaddrConnection) => {
        this.#opened.push(connection);
        return await upgrade?.(connection) ?? connection;
      },
    };
    const signal = new AbortController().signal;
    const dialed = this.transport.dial(multiaddr(ma), { signal, upgrader, ...rest } as never);
    return await dialed as unknown as MultiaddrConnection;
  }

  /** Fails to dial, and gives the error. */
  async failure(ma: string, options?: TrialDialOptions): Promise<unknown> {
    return await this.dial(ma, options).then(
      () => assert.fail(`${ma} was dialed`),
      (error) => error,
    );
  }

  /** The connections that the upgrader got, also those whose upgrade failed. */
  get opened(): readonly MultiaddrConnection[] {
    return this.#opened;
  }

  end(): void {
    for (const connection of this.#opened) connection.abort(new Error("the test is over"));
  }

  #logger(): ComponentLogger {
    const make = (scope: string) => {
      const log = (format: string) => this.logged.push({ scope, format });
      return Object.assign(log, {
        error: (format: string) => this.logged.push({ scope: `${scope}:error`, format }),
        trace: () => {},
        enabled: true,
        newScope: (name: string) => make(`${scope}:${name}`),
      });
    };
    return { forComponent: make } as unknown as ComponentLogger;
  }

  #metrics(): Metrics {
    const group = (name: string) => {
      this.registered[name] = (this.registered[name] ?? 0) + 1;
      const counts: Record<string, number> = this.counters[name] ??= {};
      return {
        increment(values: Record<string, number | true>) {
          for (const [key, value] of Object.entries(values)) {
            counts[key] = (counts[key] ?? 0) + (value === true ? 1 : value);
          }
        },
        update() {},
        reset() {},
      };
    };
    return { registerCounterGroup: group, registerMetricGroup: group } as unknown as Metrics;
  }
}

/** The multiaddr of an `address` that a peer of `loopbackPeers` listens on. */
export function maOf(address: string): string {
  const [, host, port] = /^\[?([^\]]*)\]?:(\d+)$/.exec(address) ?? [];
  if (host === undefined) return `/unix/${encodeURIComponent(address)}`;
  return `/${host.includes(":") ? "ip6" : "ip4"}/${host}/tcp/${port}`;
}

/** Runs a test with a peer that takes connections and a transport that dials it. */
export async function withPeer(
  run: (trial: TransportTrial, peer: ListeningPeer, ma: string) => Promise<void>,
  options?: TcpOptions,
  network: "tcp" | "tcp6" | "unix" = "tcp",
): Promise<void> {
  const peer = await peers.listen(network);
  const trial = new TransportTrial(options);
  try {
    await run(trial, peer, maOf(peer.address));
  } finally {
    trial.end();
    await peer.close();
  }
}

/** Runs a test with a dialed connection and the peer's side of it. */
export async function withConnection(
  run: (connection: MultiaddrConnection, peer: PeerConn, trial: TransportTrial) => Promise<void>,
  options?: TcpOptions,
  dialOptions?: TrialDialOptions,
): Promise<void> {
  await withPeer(async (trial, peer, ma) => {
    const [connection, conn] = await Promise.all([trial.dial(ma, dialOptions), peer.accept()]);
    await run(connection, conn, trial);
  }, options);
}

/** How a connection ended. */
export interface Ending {
  readonly error?: Error & { code?: string };
  /** Whether this side ended it. */
  readonly local?: boolean;
}

/** Waits for the end of a connection. */
export function closing(connection: MultiaddrConnection): Promise<Ending> {
  return new Promise((resolve) => {
    connection.addEventListener("close", (event) => resolve(event as Ending), { once: true });
  });
}
