import { systemDialer } from "../../adapters/system.ts";
import type { SystemDialerOptions } from "../../src/net/net_dialer_options.ts";
import { deriveConn } from "../../src/conn/derive_conn.ts";
import type { ContextDialer } from "../../src/core/dialer.ts";
import { fromDuplex, toDuplex } from "../../src/stream/mod.ts";
import { testDialer } from "../../src/testing/mod.ts";
import { runtime } from "../runtime.ts";
import { dialerOf } from "../fakes/dialer_of.ts";

testDialer({
  name: "fromDuplex(toDuplex())",
  dialer: throughStream(),
  // Deno cannot send RST.
  unsupported: runtime === "deno" ? ["reset"] : [],
  variants: {
    timeoutMs: (timeoutMs) => throughStream({ timeoutMs }),
    resolver: (resolver) => throughStream({ resolver }),
    localAddress: (localAddress) => throughStream({ localAddress }),
  },
});

/** The system's dialer, whose connections are streams on the way. */
function throughStream(options?: SystemDialerOptions): ContextDialer {
  const dialer = systemDialer(options);
  return dialerOf(async (network, address, dialOptions) => {
    const conn = await dialer.dialContext(network, address, dialOptions);
    const { localAddr, remoteAddr } = conn;
    const again = fromDuplex(toDuplex(conn), { localAddr, remoteAddr });
    return deriveConn(again, { report: conn.report });
  });
}
