import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocketOptions } from "node:tls";
import { fileURLToPath } from "node:url";
import { joinHostPort, splitHostPort } from "../../src/core/host_port.ts";
import { type ListeningPeer, loopbackPeers, type Peers } from "../../src/testing/mod.ts";

/** The loopback's peers behind TLS; the silent one says nothing at all. */
export function tlsPeers(options?: TLSSocketOptions): Peers {
  return { ...loopbackPeers(), listen: (network) => listenTls(network, options) };
}

/** One of them. Its connections are seen as soon as their TCP is there. */
export async function listenTls(
  network: "tcp" | "tcp6" | "unix" = "tcp",
  options: TLSSocketOptions = {},
): Promise<ListeningPeer> {
  const plain = await loopbackPeers().listen("tcp");
  const directory = network === "unix" ? mkdtempSync(join(tmpdir(), "anydial-")) : undefined;
  const host = network === "tcp6" ? "::1" : "127.0.0.1";
  const path = directory === undefined ? undefined : join(directory, "socket");
  const node = pathOf("../../node_modules/.bin/node");
  if (!existsSync(node)) throw new Error("Cannot start a TLS peer: run `npm ci` first");
  const child = spawn(node, [
    pathOf("tls_terminator.ts"),
    path ?? host,
    String(splitHostPort(plain.address).port),
    JSON.stringify(options),
  ], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const [port] = await Promise.race([once(child.stdout, "data"), exited]);
  return {
    address: path ?? joinHostPort(host, Number(String(port))),
    get seen() {
      return plain.seen;
    },
    accept: () => plain.accept(),
    async close() {
      child.stdin.end();
      await exited;
      await plain.close();
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    },
  };
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
