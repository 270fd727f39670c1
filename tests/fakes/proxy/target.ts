import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** A target for tunnels. */
export interface Target {
  readonly address: string;
  readonly port: number;
  /** How many connections it has seen. */
  readonly seen: number;
  close(): Promise<void>;
}

/** Starts a target that sends back what it gets, after `greeting`. */
export async function startEcho(greeting = "", host = "127.0.0.1"): Promise<Target> {
  const sockets = new Set<Socket>();
  let seen = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    seen++;
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    if (greeting !== "") socket.write(greeting);
    socket.pipe(socket);
  }).listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
    port,
    get seen() {
      return seen;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
