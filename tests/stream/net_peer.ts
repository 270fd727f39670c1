import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Readable } from "node:stream";

/** A server on the loopback, and the sockets that it accepted. */
export interface NetPeer {
  readonly port: number;
  readonly address: string;
  /** The next connection, in their order. */
  accept(): Promise<Socket>;
  close(): Promise<void>;
}

/** Listens with sockets whose two directions end by themselves. */
export async function netPeer(host = "127.0.0.1"): Promise<NetPeer> {
  const sockets: Socket[] = [];
  const arrived: Socket[] = [];
  const waiting: ((socket: Socket) => void)[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    sockets.push(socket);
    const waiter = waiting.shift();
    if (waiter === undefined) arrived.push(socket);
    else waiter(socket);
  });
  const port = await listen(server, host);
  return {
    port,
    address: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
    accept() {
      const socket = arrived.shift();
      if (socket !== undefined) return Promise.resolve(socket);
      return new Promise((resolve) => waiting.push(resolve));
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await closeServer(server);
    },
  };
}

/** Starts any server on a free port. */
export async function listen(server: Server, host = "127.0.0.1"): Promise<number> {
  server.listen(0, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Stops any server, an HTTP server's connections included. */
export function closeServer(server: Server): Promise<void> {
  (server as Server & { closeAllConnections?(): void }).closeAllConnections?.();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** All that a stream gives until it ends; unlike iterating, this leaves its write side alone. */
export function textOf(stream: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new TextDecoder();
    let text = "";
    stream.on("data", (chunk: Uint8Array) => text += decoder.decode(chunk, { stream: true }));
    stream.on("end", () => resolve(text + decoder.decode()));
    stream.on("error", reject);
  });
}
