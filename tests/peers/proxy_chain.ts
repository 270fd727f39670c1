import { fileURLToPath } from "node:url";
import { runtimeBinary } from "../../scripts/runtimes.ts";
import { withPrivateFiles } from "./private_files.ts";
import { freePorts, type ServerProcess, startServer } from "./server_process.ts";

const program = fileURLToPath(new URL("proxy_chain_program.ts", import.meta.url));

/**
 * npm's `proxy-chain`, an HTTP proxy, in a process of its own under Node.
 *
 * @param method `"basic"` wants the credentials of credentials.ts.
 */
export async function startProxyChain(
  method: "none" | "basic",
): Promise<ServerProcess & { readonly address: string }> {
  const [port] = await freePorts(1);
  const command = [runtimeBinary("node"), program, String(port), method];
  const server = await startServer((directory) => ({
    command: withPrivateFiles(command, directory),
    listens: [port!],
  }));
  return Object.assign(server, { address: `127.0.0.1:${port}` });
}
