/**
 * Node streams over connections and connections over Node streams, so that libraries built on
 * Node's sockets can dial through any dialer.
 *
 * @example
 * import { systemDialer } from "@anydial/dialer";
 * import { nodeConnector } from "@anydial/dialer/stream";
 * import http from "node:http";
 *
 * const agent = nodeConnector(systemDialer()).httpAgent({ keepAlive: true });
 * http.get("http://peer.example/", { agent }, (response) => response.pipe(process.stdout));
 *
 * @module
 */
export { ConnDuplex, type ConnDuplexOptions } from "./conn_duplex.ts";
export type { NodeConnectOptions } from "./connector/connect_request.ts";
export { dialReportOf, type StreamReport } from "./dial_report_of.ts";
export { type Duplex, fromDuplex, type FromDuplexOptions } from "./from_duplex.ts";
export { type IoredisConnector, ioredisConnector } from "./connector/ioredis_connector.ts";
export {
  type NodeConnect,
  type NodeConnectCallback,
  type NodeConnector,
  nodeConnector,
  type NodeConnectorOptions,
} from "./connector/node_connector.ts";
export type { NodeLookup } from "./connector/node_lookup.ts";
export { toDuplex } from "./to_duplex.ts";
export type { DuplexAddress } from "./duplex_address.ts";
