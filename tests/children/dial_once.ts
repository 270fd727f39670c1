/** A process of its own that dials once and prints what came of it as JSON: `dial_once.ts NETWORK ADDRESS OPTIONS`. */
import { isDialError, type Network } from "../../mod.ts";
import { systemDialer } from "../../adapters/system.ts";

const [network, address, options] = process.argv.slice(2);
try {
  const conn = await systemDialer(JSON.parse(options!)).dialContext(network as Network, address!);
  conn.close();
  const { remoteAddr, report } = conn;
  console.log(JSON.stringify({ remoteAddr, report }));
} catch (error) {
  if (!isDialError(error)) throw error;
  const { code, phase, message, report } = error;
  console.log(JSON.stringify({ code, phase, message, report }));
}
