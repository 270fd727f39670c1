import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A port with TLS in front of a plain one. */
export interface TlsFront {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Starts TLS in front of a port of 127.0.0.1, on Node: the TLS servers of other runtimes have back-pressure and ends of their own. */
export async function startTlsFront(plainPort: number): Promise<TlsFront> {
  const node = pathOf("../../../node_modules/.bin/node");
  if (!existsSync(node)) throw new Error("Cannot start a TLS front: run `npm ci` first");
  const args = [pathOf("../../tls/tls_terminator.ts"), "127.0.0.1", String(plainPort)];
  const child = spawn(node, args, { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const [line] = await Promise.race([once(child.stdout, "data"), exited]);
  const port = Number(String(line));
  return {
    address: `127.0.0.1:${port}`,
    port,
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
