import { plainPassword, username } from "./credentials.ts";
import { withPrivateFiles } from "./private_files.ts";
import { findProgram } from "./program.ts";
import { freePorts, type ServerProcess, startServer, writeServerFile } from "./server_process.ts";

const tinyproxy = findProgram("tinyproxy", "apt-get install tinyproxy");

/** Why tinyproxy cannot be tested here; `undefined` if it can. */
export const tinyproxyMissing: string | undefined = tinyproxy.missing;

/** An HTTP proxy that wants the user name and the plain password of credentials.ts. */
export async function startTinyproxy(): Promise<ServerProcess & { readonly address: string }> {
  const [port] = await freePorts(1);
  const server = await startServer((directory) => {
    const config = writeServerFile(
      directory,
      "tinyproxy.conf",
      [
        "Listen 127.0.0.1",
        `Port ${port}`,
        `BasicAuth ${username} ${plainPassword}`,
        "MaxClients 300",
        "Timeout 60",
        "LogLevel Error",
      ].join("\n") + "\n",
    );
    const command = withPrivateFiles([tinyproxy.path, "-d", "-c", config], directory);
    return { command, listens: [port!] };
  });
  return Object.assign(server, { address: `127.0.0.1:${port}` });
}
