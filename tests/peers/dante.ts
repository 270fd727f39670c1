import { canHaveFiles, privateFilesHint, withPrivateFiles } from "./private_files.ts";
import { findProgram } from "./program.ts";
import { freePorts, type ServerProcess, startServer, writeServerFile } from "./server_process.ts";

const danted = findProgram("danted", "apt-get install dante-server");

/** Why dante cannot be tested here; `undefined` if it can. */
export const danteMissing: string | undefined = danted.missing ??
  (canHaveFiles ? undefined : privateFilesHint);

/** How dante shall behave. */
export interface DanteOptions {
  /** `"username"` asks for the credentials of credentials.ts. */
  readonly method: "none" | "username";
  /** A port of any target that its rules forbid. */
  readonly forbiddenPort?: number;
}

/** A SOCKS4, 4a and 5 server. */
export async function startDante(
  options: DanteOptions,
): Promise<ServerProcess & { readonly address: string }> {
  const [port] = await freePorts(1);
  const { method, forbiddenPort } = options;
  const server = await startServer((directory) => {
    const anyone = "from: 127.0.0.1/32 to: 0/0";
    const config = [
      "logoutput: stderr",
      `internal: 127.0.0.1 port = ${port}`,
      "external: lo",
      "clientmethod: none",
      `socksmethod: ${method}`,
      "user.privileged: root",
      "user.unprivileged: root",
      `client pass { ${anyone} }`,
      ...(forbiddenPort === undefined
        ? []
        : [`socks block { from: 127.0.0.1/32 to: 0/0 port = ${forbiddenPort} }`]),
      `socks pass { ${anyone} }`,
    ];
    const file = writeServerFile(directory, "danted.conf", config.join("\n") + "\n");
    return { command: withPrivateFiles([danted.path, "-f", file], directory), listens: [port!] };
  });
  return Object.assign(server, { address: `127.0.0.1:${port}` });
}
