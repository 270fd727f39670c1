import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { joinHostPort } from "../../src/core/host_port.ts";
import { sendsFin } from "../../src/conn/sends_fin.ts";
import type { ContractCodes, ListeningPeer, PeerConn, Peers, SilentPeer } from "./peers.ts";

/** The options of {@linkcode loopbackPeers}. */
export interface LoopbackPeersOptions {
  /**
   * The loopback address for `tcp`.
   *
   * @default {"127.0.0.1"}
   */
  hostname?: "127.0.0.1" | "::1";
}

/**
 * Makes peers that listen on this machine's loopback, over `node:net`. All run in this process,
 * except the silent one: a runtime accepts every connection, so a separate process keeps its queue
 * full.
 *
 * @param options The options of the peers.
 * @returns The peers.
 */
export function loopbackPeers(options: LoopbackPeersOptions = {}): Peers {
  const { hostname = "127.0.0.1" } = options;
  return {
    listen: (network) => listen(network, hostname),
    silent: () => startSilentPeer(hostname),
    // tcpmux: below the ephemeral ports, so no other process has it by chance.
    refused: joinHostPort(hostname, 1),
    // Linux returns ENETUNREACH for a TCP connect to a broadcast or multicast address, and sends no
    // packet.
    unreachable: hostname === "::1" ? "[ff02::1]:9" : "255.255.255.255:9",
    // A label longer than 63 octets (RFC 1035 §2.3.4) fails in the resolver itself. An ".invalid"
    // name may be sent to a slow DNS server.
    unknownName: `${"no-such-name".repeat(6)}.invalid:9`,
    missingPath: join(tmpdir(), "anydial-no-such-socket"),
    // TEST-NET-1 (RFC 5737), the documentation prefix (RFC 3849).
    foreignAddress: hostname === "::1" ? "2001:db8::1" : "192.0.2.1",
  };
}

/** The codes of dialers over this runtime's sockets for those addresses. */
export const loopbackCodes: ContractCodes = {
  refused: "ECONNREFUSED",
  // Bun reports it as refused, natively and in `node:net`.
  unreachable: "bun" in process.versions ? "ECONNREFUSED" : "ENETUNREACH",
  unknownName: "ENOTFOUND",
  missingPath: "ENOENT",
  foreignAddress: "EADDRNOTAVAIL",
};

async function listen(
  network: "tcp" | "tcp6" | "unix",
  hostname: string,
): Promise<ListeningPeer> {
  const sockets = new Set<Socket>();
  const arrived: PeerConn[] = [];
  const waiting: ((conn: PeerConn) => void)[] = [];
  let seen = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    seen++;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    const conn = new SocketPeer(socket);
    const waiter = waiting.shift();
    if (waiter === undefined) arrived.push(conn);
    else waiter(conn);
  });
  const directory = network === "unix" ? mkdtempSync(join(tmpdir(), "anydial-")) : undefined;
  if (directory !== undefined) server.listen(join(directory, "socket"));
  else server.listen(0, network === "tcp6" ? "::1" : hostname);
  await once(server, "listening");
  return {
    address: addressOf(server.address()!),
    get seen() {
      return seen;
    },
    accept() {
      const conn = arrived.shift();
      return conn === undefined
        ? new Promise((resolve) => waiting.push(resolve))
        : Promise.resolve(conn);
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    },
  };
}

function addressOf(address: AddressInfo | string): string {
  return typeof address === "string" ? address : joinHostPort(address.address, address.port);
}

/** A server's socket, read on demand. Independent of the dialers' connections, which it tests. */
class SocketPeer implements PeerConn {
  readonly #socket: Socket;
  #ended = false;
  #error: Error | undefined;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    const wake = () => this.#wake();
    socket.on("readable", wake);
    socket.on("end", () => {
      this.#ended = true;
      wake();
    });
    socket.on("error", (error) => {
      this.#error = error;
      wake();
    });
    socket.on("close", wake);
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const socket = this.#socket;
    while (true) {
      // Also called without available data, because such a read triggers the "end" event.
      const chunk = socket.read(Math.min(socket.readableLength, buffer.byteLength)) as
        | Uint8Array
        | null;
      if (chunk !== null && chunk.byteLength > 0) {
        buffer.set(chunk);
        return chunk.byteLength;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended || socket.destroyed) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  write(data: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#socket.write(data, (error) => error ? reject(error) : resolve(data.byteLength));
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve) => this.#socket.end(() => resolve()));
  }

  close(): void {
    this.#socket.destroy();
  }

  reset(): void {
    const socket = this.#socket;
    if (sendsFin(socket)) socket.destroy();
    else socket.resetAndDestroy();
  }
}

/**
 * The program of the silent peer's process. It accepts nothing until it receives a byte, so the
 * kernel's queue for this listener fills, and later connects are dropped. Afterwards it accepts
 * all, and ends when stdin and all connections have ended.
 */
const silentProgram = `
import("node:net").then(({ createServer }) => import("node:fs").then(({ readSync, writeSync }) => {
  const server = createServer((socket) => socket.on("error", () => {}).resume());
  server.listen({ host: "HOSTNAME", port: 0, backlog: 1 }, () => {
    writeSync(1, server.address().port + "\\n");
    readSync(0, new Uint8Array(1));
    process.stdin.on("end", () => server.close()).resume();
  });
}));`;

async function startSilentPeer(hostname: string): Promise<SilentPeer> {
  const program = silentProgram.replace("HOSTNAME", hostname);
  const args = "deno" in process.versions ? ["eval", program] : ["-e", program];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const [line] = await Promise.race([once(child.stdout, "data"), exited]);
  const port = Number(String(line));
  const fillers = await fillQueue(hostname, port);
  return {
    address: joinHostPort(hostname, port),
    answer() {
      child.stdin.write("a");
      for (const socket of fillers) socket.destroy();
    },
    async close() {
      for (const socket of fillers) socket.destroy();
      // The first byte starts accepting, if `answer` has not.
      child.stdin.end("a");
      if (!await endsWithin(child, exited, 5_000)) {
        throw new Error("a connection to the silent peer was left open");
      }
    },
  };
}

/**
 * Connects until a connect hangs. Bun's listeners have a queue of 512, whatever the requested
 * backlog.
 */
async function fillQueue(hostname: string, port: number): Promise<Socket[]> {
  const fillers: Socket[] = [];
  for (let hanging = false; !hanging;) {
    if (fillers.length > 1_024) throw new Error("the silent peer's queue does not fill");
    const socket = connect({ host: hostname, port });
    fillers.push(socket);
    socket.on("error", () => {});
    hanging = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(true), 250);
      socket.on("connect", () => {
        clearTimeout(timer);
        resolve(false);
      });
    });
  }
  return fillers;
}

async function endsWithin(
  child: ChildProcess,
  exited: Promise<unknown>,
  limitMs: number,
): Promise<boolean> {
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  await exited;
  clearTimeout(timer);
  return child.signalCode === null;
}
