import { findProgram } from "./program.ts";
import { freePorts, type ServerProcess, startServer, writeServerFile } from "./server_process.ts";

const haproxy = findProgram("haproxy", "apt-get install haproxy");

/** Why HAProxy cannot be tested here; `undefined` if it can. */
export const haproxyMissing: string | undefined = haproxy.missing;

/** An HAProxy and its ports; either wants a PROXY header first, in version 1 or 2. */
export interface Haproxy extends ServerProcess {
  /** Answers an HTTP request with what the header said: source, destination, authority and unique id. */
  readonly echoAddress: string;
  /** Goes on to the destination that the header names. */
  readonly address: string;
}

/** A server that reads the PROXY header. */
export async function startHaproxy(): Promise<Haproxy> {
  const ports = await freePorts(2);
  const [echo, forward] = ports;
  const said = "%[src]:%[src_port] %[dst]:%[dst_port] %[fc_pp_authority] %[fc_pp_unique_id]";
  const server = await startServer((directory) => {
    const config = writeServerFile(
      directory,
      "haproxy.cfg",
      [
        "defaults",
        "  timeout connect 5s",
        "  timeout client 60s",
        "  timeout server 60s",
        "listen echo",
        "  mode http",
        `  bind 127.0.0.1:${echo} accept-proxy`,
        `  http-request return status 200 content-type text/plain lf-string "${said}"`,
        "listen forward",
        "  mode tcp",
        `  bind 127.0.0.1:${forward} accept-proxy`,
        // Where the client wanted to go.
        "  server destination 0.0.0.0",
      ].join("\n") + "\n",
    );
    return { command: [haproxy.path, "-db", "-f", config], listens: ports };
  });
  return Object.assign(server, {
    echoAddress: `127.0.0.1:${echo}`,
    address: `127.0.0.1:${forward}`,
  });
}
