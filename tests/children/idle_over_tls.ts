/**
 * Leaves an idle connection behind and has nothing else to do, so that its process is to end.
 *
 * Arguments: what to leave, and the port of an HTTPS server on the loopback.
 */
import https from "node:https";
import { systemDialer } from "../../adapters/system.ts";
import { nodeConnector } from "../../src/stream/mod.ts";
import { withTls } from "../../src/tls/mod.ts";
import { ca } from "../certs/certificates.ts";

const [what, port] = process.argv.slice(2);

if (what === "agent") {
  const { httpsAgent } = nodeConnector(systemDialer(), { tls: { ca: ca.cert } });
  const agent = httpsAgent({ keepAlive: true });
  https.get(`https://localhost:${port}/`, { agent }, (response) => {
    response.on("end", () => console.log("idle")).resume();
  });
} else {
  await withTls(systemDialer(), { ca: ca.cert }).dialContext("tcp", `localhost:${port}`);
  console.log("idle");
}
