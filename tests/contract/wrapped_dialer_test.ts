import { nodeDialer } from "../../adapters/node/mod.ts";
import { deriveConn } from "../../src/conn/derive_conn.ts";
import { testDialer } from "../../src/testing/mod.ts";
import { dialerOf } from "../fakes/dialer_of.ts";

const inner = nodeDialer();
const hops = [{ transport: "tcp", hostname: "192.0.2.1", port: 1080 }] as const;

testDialer({
  name: "dialerOf() with deriveConn()",
  dialer: dialerOf(async (network, address, options) => {
    return deriveConn(await inner.dialContext(network, address, options), { hops });
  }),
  hops,
});
