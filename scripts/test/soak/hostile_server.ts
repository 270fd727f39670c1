import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** What a server does to whoever connects, which is nothing that libp2p speaks. */
const treatments: readonly ((socket: Socket) => void)[] = [
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.end(),
  (socket) => socket.end("\x13/multistream/1.0.0\n"),
  (socket) => socket.write(new Uint8Array(300_000)),
  (socket) => socket.once("data", () => socket.resetAndDestroy()),
  // It is silent, until the dial is given up.
  () => {},
];

/** A server that treats each connection badly, by turns. */
export async function startHostileServer(): Promise<{ ma: string; close(): void }> {
  const sockets = new Set<Socket>();
  let turn = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket)).resume();
    socket.on("end", () => socket.end());
    treatments[turn++ % treatments.length]!(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    ma: `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
