/**
 * Dials this machine's own link-local address at `zone0`, given by name and by number, and prints as JSON what became of
 * it: `dial_zone.ts DIALER`.
 */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { nodeDialer } from "../../adapters/node/mod.ts";
import { systemDialer } from "../../adapters/system.ts";
import { readText } from "../../src/testing/read_all.ts";

const make = process.argv[2] === "nodeDialer()" ? nodeDialer : systemDialer;
const own = networkInterfaces()["zone0"]!.find(({ address }) => address.startsWith("fe80:"));
const scope = own?.family === "IPv6" ? own.scopeid : 0;
// On all addresses, for Deno listens on none with a zone.
const server = createServer((socket) => socket.end("hello")).listen(0, "::");
await once(server, "listening");
const { port } = server.address() as AddressInfo;

async function outcome(host: string, localAddress?: string): Promise<unknown> {
  try {
    const dialer = make({ ...(localAddress !== undefined && { localAddress }) });
    const conn = await dialer.dialContext("tcp", `[${host}]:${port}`);
    const text = await readText(conn);
    conn.close();
    return [text, conn.localAddr, conn.remoteAddr].map((part) =>
      typeof part === "string" ? part : "hostname" in part ? part.hostname : part
    );
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const outcomes = {
  name: await outcome("fe80::a%zone0"),
  number: await outcome(`fe80::a%${scope}`),
  global: await outcome("2001:db8::a%zone0"),
  local: await outcome("fe80::a%zone0", "fe80::a%zone0"),
};
server.close();
console.log(JSON.stringify({ scope, ...outcomes }));
