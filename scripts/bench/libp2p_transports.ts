import { tcp as theirs } from "@libp2p/tcp";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { type MultiaddrConnection, tcp, type TcpTransport } from "../../src/libp2p/mod.ts";
import type { Who } from "./benchmark.ts";
const noLog = Object.assign(() => {}, {
  error() {},
  trace() {},
  enabled: false,
  newScope: () => noLog,
});
const components = { logger: { forComponent: () => noLog } } as never;
/** Leaves the connection as it is. */
const upgrader = {
  upgradeOutbound: (connection: MultiaddrConnection) => Promise.resolve(connection),
};
const transports: Record<Who, TcpTransport> = {
  theirs: theirs()(components) as TcpTransport,
  ours: tcp()(components),
};

/** The benchmark's server. */
export function serverAddr(port: number): Multiaddr {
  return multiaddr(`/ip4/127.0.0.1/tcp/${port}`);
}

/** Dials with a transport; the connection is not upgraded. */
export async function dialWith(who: Who, ma: Multiaddr): Promise<MultiaddrConnection> {
  const signal = new AbortController().signal;
  const dialed = transports[who].dial(ma, { signal, upgrader } as never);
  return await dialed as unknown as MultiaddrConnection;
}
