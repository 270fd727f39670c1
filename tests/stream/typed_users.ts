/** What users of the connector write, which has to pass the types of others; it is not run. */
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import type { Socket } from "node:net";
import { lookup } from "node:dns";
import type { Duplex } from "node:stream";
import { Agent } from "undici";
import { WebSocket } from "ws";
import type { ContextDialer } from "../../src/core/dialer.ts";
import {
  dialReportOf,
  ioredisConnector,
  type NodeConnector,
  nodeConnector,
  type NodeConnectorOptions,
  toDuplex,
} from "../../src/stream/mod.ts";

/** As kafkajs declares it. */
type KafkaSocketFactory = (
  args: { host: string; port: number; ssl: object; onConnect: () => void },
) => Socket;

/** As ioredis declares it: its members are protected. */
declare abstract class RedisConnector {
  protected connecting: boolean;
  protected stream: Socket;
  check(info: unknown): boolean;
  disconnect(): void;
  abstract connect(onError: (type: string, error: Error) => void): Promise<Socket>;
}

export function uses(dialer: ContextDialer, timeoutMs: number | undefined): unknown[] {
  const options: NodeConnectorOptions = { timeoutMs, onEvent: undefined, tls: undefined };
  const connector: NodeConnector = nodeConnector(dialer, options);
  const { connect, socket } = connector;
  const agent = connector.httpAgent({ keepAlive: true });
  const pg: { stream: () => Duplex } = { stream: socket };
  const kafka: KafkaSocketFactory = ({ host, port, onConnect }) =>
    socket().connect({ host, port }, onConnect).setKeepAlive(true, 60_000);
  const redis: new (options: unknown) => RedisConnector = ioredisConnector(dialer);
  const host: string | undefined = process.env["HOST"];
  const net: Socket = socket().connect(5432, "db.example").setNoDelay().ref();
  return [
    ...[agent, pg, kafka, redis, net, net.bufferSize, net.autoSelectFamilyAttemptedAddresses],
    ...[connect({ host, port: undefined, family: undefined, lookup }), connect(5432, host)],
    ...[connect("/run/db.sock"), connect(new URL("tcp://db.example:5432"), null, () => {})],
    http.get({ host, agent, createConnection: connect }, ({ socket }) => dialReportOf(socket)),
    https.get({ agent: connector.httpsAgent(), createConnection: connect }),
    http2.connect("https://web.example", { createConnection: connect }),
    new Agent({ connect }),
    new WebSocket("ws://web.example", { agent }),
    new WebSocket("ws://web.example", { createConnection: connect }),
    (conn: Parameters<typeof toDuplex>[0]) => toDuplex(conn).remoteAddress,
  ];
}
