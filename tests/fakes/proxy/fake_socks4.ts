import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { FakeServer, type FakeServerOptions, firstBytes } from "./fake_server.ts";
import { SocketReader } from "./socket_reader.ts";

/** How a fake SOCKS4 server behaves. */
export interface FakeSocks4Options extends FakeServerOptions {
  /** The user id that it wants. */
  userId?: string;
  /** Answers every request with this, and reaches no target. */
  reply?: number;
  /** Says nothing. */
  silent?: boolean;
  /** Sends so many bytes of a grant, then closes, with RST if `resets`. */
  closesAfterBytes?: number;
  resets?: boolean;
  /** Sends the reply together with the target's first bytes. */
  coalesces?: boolean;
}

/** A SOCKS4 server with the extension 4a. */
export class FakeSocks4 extends FakeServer {
  readonly #options: FakeSocks4Options;
  readonly requests: { host: string; port: number; userId: string }[] = [];

  constructor(options: FakeSocks4Options) {
    super(options);
    this.#options = options;
  }

  static listen(options: FakeSocks4Options = {}): Promise<FakeSocks4> {
    return new FakeSocks4(options).listen();
  }

  protected async serve(socket: Socket): Promise<void> {
    const { userId: wanted, reply, silent, coalesces, closesAfterBytes, resets } = this.#options;
    const reader = new SocketReader(socket);
    const head = await reader.exactly(8);
    if (head === undefined) return void socket.end();
    if (head[0] !== 4 || head[1] !== 1) throw new Error("not a CONNECT of version 4");
    const port = head[2]! * 256 + head[3]!;
    const idBytes = (await reader.until("\0", 256))?.slice(0, -1);
    if (idBytes === undefined) throw new Error("the user id does not end");
    const userId = Buffer.from(idBytes, "latin1").toString();
    const named = head[4] === 0 && head[5] === 0 && head[6] === 0 && head[7] !== 0;
    const host = named
      ? (await reader.until("\0", 256))?.slice(0, -1)
      : head.subarray(4, 8).join(".");
    if (!host || port === 0) throw new Error("no host or no port");
    reader.release();
    this.requests.push({ host, port, userId });
    if (silent) return this.ignore(socket);
    const answer = (code: number) => Uint8Array.of(0, code, 0, 0, 0, 0, 0, 0);
    if (closesAfterBytes !== undefined) {
      const part = answer(0x5a).subarray(0, closesAfterBytes);
      if (part.length > 0) socket.write(part);
      return void (resets ? this.reset(socket) : socket.end().resume());
    }
    if (reply !== undefined) return void socket.end(answer(reply)).resume();
    if (wanted !== undefined && wanted !== userId) return void socket.end(answer(0x5d)).resume();
    const target = await this.reach(socket, host, port);
    if (typeof target === "string") return void socket.end(answer(0x5b)).resume();
    const first = coalesces ? await firstBytes(target) : new Uint8Array(0);
    socket.write(Uint8Array.of(...answer(0x5a), ...first));
    this.tunnel(socket, target);
  }
}
