import { once } from "node:events";
import type { AddressInfo, Server as NetServer } from "node:net";
import { createServer } from "@pondwader/socks5-server";
import { Server } from "proxy-chain";

/** Proxies that listen. */
export interface NpmProxies {
  /** A SOCKS5 and an HTTP proxy. */
  readonly urls: readonly [socks5: string, http: string];
  close(): Promise<void>;
}

/** Starts the proxies that npm has, so that nothing need be installed, in this process. */
export async function startNpmProxies(): Promise<NpmProxies> {
  const socks = createServer();
  // Only its server knows which port it gets.
  const { server } = socks as unknown as { server: NetServer };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const http = new Server({ host: "127.0.0.1", port: 0 });
  await http.listen();
  const { port } = server.address() as AddressInfo;
  return {
    urls: [`socks5h://127.0.0.1:${port}`, `http://127.0.0.1:${http.port}`],
    async close() {
      await http.close(true);
      server.close();
    },
  };
}
