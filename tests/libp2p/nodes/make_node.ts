import { yamux } from "@chainsafe/libp2p-yamux";
import { type Identify, identify } from "@libp2p/identify";
import type { ConnectionGater, Libp2p, MultiaddrResolver } from "@libp2p/interface";
import { type Ping, ping } from "@libp2p/ping";
import { tcp as theirs } from "@libp2p/tcp";
import { createLibp2p, type Libp2pOptions } from "libp2p";
import { tcp, type TcpOptions } from "../../../src/libp2p/mod.ts";
import { serveBulk } from "./bulk_protocol.ts";
import { noiseHere } from "./noise_here.ts";

/** A node as they are in use: noise, yamux, identify and ping, and the protocol for bulk. */
export type Node = Libp2p<{ identify: Identify; ping: Ping }>;

/** How a node is made. */
export interface NodeOptions {
  /** What it listens on; nothing by default. */
  readonly listen?: string[];
  /** `"theirs"` is `@libp2p/tcp`. */
  readonly transport?: "ours" | "theirs";
  readonly tcp?: TcpOptions;
  readonly connectionGater?: ConnectionGater;
  /** Who resolves multiaddrs, in the place of libp2p's own resolvers. */
  readonly resolvers?: Record<string, MultiaddrResolver>;
  /** What goes to `createLibp2p` besides. */
  readonly libp2p?: Libp2pOptions;
}

/** Makes and starts a node. */
export async function makeNode(options: NodeOptions = {}): Promise<Node> {
  const node = await createLibp2p({
    addresses: { listen: options.listen ?? [] },
    transports: [options.transport === "theirs" ? theirs() : tcp(options.tcp)],
    connectionEncrypters: [noiseHere()],
    // There may be several copies of uint8arraylist, whose types are the same in all but name.
    streamMuxers: [yamux() as never],
    services: { identify: identify(), ping: ping() },
    connectionManager: {
      // By default a host that dials more than five times a second is turned away, as ours do.
      inboundConnectionThreshold: Infinity,
      ...(options.resolvers && { resolvers: options.resolvers }),
    },
    // It aborts a connection whose ping takes long, as it does behind 32 MiB where noise is slow.
    connectionMonitor: { enabled: false },
    ...(options.connectionGater && { connectionGater: options.connectionGater }),
    ...options.libp2p as object,
  });
  await serveBulk(node);
  return node;
}
