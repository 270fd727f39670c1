import { nodeDialer } from "../../adapters/node.ts";
import { deriveConn } from "../../src/core/derive_conn.ts";
import { dialerFunc } from "../../src/core/dialer.ts";
import { testDialer } from "../../src/testing/mod.ts";

const inner = nodeDialer();
const hops = [{ transport: "tcp", hostname: "192.0.2.1", port: 1080 }] as const;

testDialer({
  name: "dialerFunc() with deriveConn()",
  dialer: dialerFunc(async (network, address, options) => {
    return deriveConn(await inner.dialContext(network, address, options), { hops });
  }),
  hops,
});
