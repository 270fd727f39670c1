import { password, username } from "./credentials.ts";
import { withPrivateFiles } from "./private_files.ts";
import { findProgram } from "./program.ts";
import { freePorts, type ServerProcess, startServer } from "./server_process.ts";

const microsocks = findProgram("microsocks", "apt-get install microsocks");

/** Why microsocks cannot be tested here; `undefined` if it can. */
export const microsocksMissing: string | undefined = microsocks.missing;

/** A SOCKS5 server that takes no pipelined handshake: it drops what follows the greeting. */
export async function startMicrosocks(
  method: "none" | "username",
): Promise<ServerProcess & { readonly address: string }> {
  const [port] = await freePorts(1);
  const credentials = method === "none" ? [] : ["-u", username, "-P", password];
  const command = [microsocks.path, "-i", "127.0.0.1", "-p", String(port), ...credentials];
  const server = await startServer((directory) => ({
    command: withPrivateFiles(command, directory),
    listens: [port!],
  }));
  return Object.assign(server, { address: `127.0.0.1:${port}` });
}
