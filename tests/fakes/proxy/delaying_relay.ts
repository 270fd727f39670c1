import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way of some length: what is sent arrives so much later. */
export async function startDelayingRelay(
  port: number,
  oneWayMs: number,
): Promise<{ address: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const target = connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
    for (const [from, to] of [[client, target], [target, client]] as const) {
      sockets.add(from);
      from.on("close", () => sockets.delete(from)).on("error", () => to.destroy());
      from.on("data", (chunk) => void setTimeout(() => to.write(chunk), oneWayMs));
      from.on("end", () => void setTimeout(() => to.end(), oneWayMs));
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
