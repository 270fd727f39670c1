import { connect, type Socket } from "node:net";
import { type BenchClient, type BenchConn, connClient } from "./dialer_client.ts";
import { readRequest } from "./server_requests.ts";

/** The runtime's fastest own way, with the socket options that ours sets. */
export function rawClient(): BenchClient {
  if ("Deno" in globalThis) return denoClient();
  if ("Bun" in globalThis) return bunClient();
  return nodeClient();
}

const chunk = new Uint8Array(64 * 1024);

function nodeClient(): BenchClient {
  const options = {
    host: "127.0.0.1",
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 15_000,
  };
  const buffer = new Uint8Array(64 * 1024);
  return {
    read: (port, bytes) =>
      new Promise((resolve, reject) => {
        let left = bytes;
        const onread = { buffer, callback: (count: number) => (left -= count, true) };
        const socket = connect({ ...options, port, onread });
        socket.on("connect", () => socket.write(readRequest(bytes)));
        socket.on("error", reject);
        socket.on("end", () => {
          socket.destroy();
          if (left === 0) resolve();
          else reject(new Error(`${left} bytes are missing`));
        });
      }),
    write: (port, bytes) =>
      new Promise((resolve, reject) => {
        const callback = () => {
          socket.destroy();
          resolve();
          return true;
        };
        const socket: Socket = connect({ ...options, port, onread: { buffer, callback } });
        let left = bytes;
        const more = () => {
          while (left > 0) {
            left -= chunk.byteLength;
            if (!socket.write(chunk)) return;
          }
          socket.off("drain", more);
          socket.end();
        };
        socket.on("drain", more);
        socket.on("error", reject);
        socket.on("connect", () => {
          socket.write("W");
          more();
        });
      }),
    async dial(port) {
      const socket = await new Promise<Socket>((resolve, reject) => {
        const socket = connect({ ...options, port });
        socket.on("error", reject);
        socket.on("connect", () => resolve(socket));
      });
      socket.destroy();
    },
  };
}

interface RawDenoConn extends BenchConn {
  setNoDelay(on: boolean): void;
  setKeepAlive(on: boolean): void;
}

function denoClient(): BenchClient {
  const { Deno } = globalThis as unknown as {
    Deno: { connect(options: { hostname: string; port: number }): Promise<RawDenoConn> };
  };
  return connClient(async (port) => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    conn.setNoDelay(true);
    conn.setKeepAlive(true);
    return {
      read: (buffer) => conn.read(buffer),
      async write(data) {
        let sent = await conn.write(data);
        while (sent < data.byteLength) sent += await conn.write(data.subarray(sent));
        return sent;
      },
      closeWrite: () => conn.closeWrite(),
      close: () => conn.close(),
    };
  });
}

interface RawBunSocket {
  write(data: Uint8Array, offset?: number, length?: number): number;
  shutdown(): void;
  close(): void;
  setKeepAlive(on: boolean, ms: number): void;
}

interface RawBunHandlers {
  open(socket: RawBunSocket): void;
  data(socket: RawBunSocket, chunk: Uint8Array): void;
  drain?(socket: RawBunSocket): void;
  end(socket: RawBunSocket): void;
  error(socket: RawBunSocket, error: Error): void;
}

function bunClient(): BenchClient {
  const { Bun } = globalThis as unknown as {
    Bun: { connect(options: object): Promise<unknown> };
  };
  const open = (port: number, reject: (error: unknown) => void, socket: RawBunHandlers) => {
    Bun.connect({ hostname: "127.0.0.1", port, allowHalfOpen: true, socket }).catch(reject);
  };
  return {
    read: (port, bytes) =>
      new Promise((resolve, reject) => {
        let left = bytes;
        open(port, reject, {
          open(socket) {
            socket.setKeepAlive(true, 15_000);
            socket.write(readRequest(bytes));
          },
          data(_, data) {
            left -= data.byteLength;
          },
          end(socket) {
            socket.close();
            if (left === 0) resolve();
            else reject(new Error(`${left} bytes are missing`));
          },
          error: (_, error) => reject(error),
        });
      }),
    write: (port, bytes) =>
      new Promise((resolve, reject) => {
        let left = bytes;
        let rest = 0;
        let started = false;
        const more = (socket: RawBunSocket) => {
          if (!started) return;
          while (left > 0 || rest > 0) {
            if (rest === 0) {
              rest = chunk.byteLength;
              left -= rest;
            }
            const sent = socket.write(chunk, chunk.byteLength - rest, rest);
            if (sent < 0) return reject(new Error("closed"));
            rest -= sent;
            if (rest > 0) return;
          }
          started = false;
          socket.shutdown();
        };
        open(port, reject, {
          open(socket) {
            socket.setKeepAlive(true, 15_000);
            socket.write(new Uint8Array([0x57]));
            started = true;
            more(socket);
          },
          drain: more,
          data(socket) {
            socket.close();
            resolve();
          },
          end() {},
          error: (_, error) => reject(error),
        });
      }),
    async dial(port) {
      const socket = await new Promise<RawBunSocket>((resolve, reject) => {
        open(port, reject, {
          open(socket) {
            socket.setKeepAlive(true, 15_000);
            resolve(socket);
          },
          data() {},
          end() {},
          error: (_, error) => reject(error),
        });
      });
      socket.close();
    },
  };
}
