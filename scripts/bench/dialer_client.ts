import type { Conn, ContextDialer } from "../../mod.ts";
import { readRequest } from "./server_requests.ts";

/** The ways to use a connection that are measured. */
export interface BenchClient {
  /** Receives `bytes` bytes up to the end. */
  read(port: number, bytes: number): Promise<void>;
  /** Sends `bytes` bytes, then waits until the peer has had them all. */
  write(port: number, bytes: number): Promise<void>;
  /** Connects and closes. */
  dial(port: number): Promise<void>;
}

/** The part of a connection that is used; `write` writes all. */
export type BenchConn = Pick<Conn, "read" | "write" | "closeWrite" | "close">;

/** A dialer of ours, dialing the benchmark's server. */
export function dialerClient(dialer: ContextDialer): BenchClient {
  return connClient((port) => dialer.dialContext("tcp", `127.0.0.1:${port}`));
}

/** A client of connections that read and write as ours do. */
export function connClient(open: (port: number) => Promise<BenchConn>): BenchClient {
  const chunk = new Uint8Array(64 * 1024);
  // What each runtime reads fastest into: Deno fills the caller's buffer itself.
  const readBuffer = new Uint8Array("Deno" in globalThis ? 256 * 1024 : 64 * 1024);
  return {
    async read(port, bytes) {
      const conn = await open(port);
      await conn.write(readRequest(bytes));
      let left = bytes;
      for (let count; (count = await conn.read(readBuffer)) !== null;) left -= count;
      conn.close();
      if (left !== 0) throw new Error(`${left} bytes are missing`);
    },
    async write(port, bytes) {
      const conn = await open(port);
      await conn.write(new Uint8Array([0x57]));
      for (let left = bytes; left > 0; left -= chunk.byteLength) await conn.write(chunk);
      await conn.closeWrite();
      if (await conn.read(readBuffer) !== 1) throw new Error("no answer");
      conn.close();
    },
    async dial(port) {
      (await open(port)).close();
    },
  };
}
