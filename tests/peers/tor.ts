import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { canHaveFiles, privateFilesHint, withoutNetwork } from "./private_files.ts";
import { findProgram } from "./program.ts";
import { type ServerProcess, startServer, writeServerFile } from "./server_process.ts";

const tor = findProgram("tor", "apt-get install tor");

/** Why Tor cannot be tested here; `undefined` if it can. */
export const torMissing: string | undefined = tor.missing ??
  (canHaveFiles ? undefined : privateFilesHint);

/** A Tor and its sockets. */
export interface Tor extends ServerProcess {
  /** The path of its SOCKS port, with `ExtendedErrors`. */
  readonly path: string;
  /** The path of its control port, open to all. */
  readonly controlPath: string;
  /** A port of any target that it refuses to go to. */
  readonly rejectedPort: number;
}

/**
 * A Tor without a network: it runs in a network namespace of its own, and is reached through unix sockets. So it comes as far
 * as reading a request and answering it; it gives up after a second what it would need the network for.
 */
export async function startTor(): Promise<Tor> {
  const rejectedPort = 109;
  let sockets: { path: string; controlPath: string };
  const server = await startServer((directory) => {
    sockets = { path: join(directory, "socks"), controlPath: join(directory, "control") };
    const data = join(directory, "data");
    mkdirSync(data, { mode: 0o700 });
    const config = writeServerFile(
      directory,
      "torrc",
      [
        `DataDirectory ${data}`,
        `SocksPort unix:${sockets.path} ExtendedErrors`,
        `ControlPort unix:${sockets.controlPath}`,
        "CookieAuthentication 0",
        "ClientOnly 1",
        "SocksTimeout 1",
        `RejectPlaintextPorts ${rejectedPort}`,
        "Log warn stdout",
      ].join("\n") + "\n",
    );
    const command = [tor.path, "--defaults-torrc", "/dev/null", "-f", config];
    return { command: withoutNetwork(command), listens: Object.values(sockets) };
  });
  return Object.assign(server, sockets!, { rejectedPort });
}
