import { systemDialer } from "../../adapters/system.ts";
import type { SystemDialerOptions } from "../../src/net/net_dialer_options.ts";
import type { ContextDialer } from "../../src/core/dialer.ts";
import { testDialer } from "../../src/testing/mod.ts";
import { withTls } from "../../src/tls/mod.ts";
import { ca } from "../certs/certificates.ts";
import { runtime } from "../runtime.ts";
import { tlsPeers } from "./tls_peers.ts";
import { dialerOf } from "../fakes/dialer_of.ts";

testDialer({
  name: "withTls()",
  dialer: overTls(),
  peers: tlsPeers(),
  unsupported: [
    // The silent peer never answers a handshake either; what that means has tests of its own.
    "silent",
    // Deno cannot send RST.
    ...(runtime === "deno" ? ["reset" as const] : []),
    // Bun takes the peer's end for that of both sides; the tests of unix paths write after it.
    ...(runtime === "bun" ? ["half-close" as const, "unix" as const] : []),
  ],
  variants: {
    timeoutMs: (timeoutMs) => overTls({ timeoutMs }),
    resolver: (resolver) => overTls({ resolver }),
    localAddress: (localAddress) => overTls({ localAddress }),
  },
});

function overTls(options?: SystemDialerOptions): ContextDialer {
  const dialer = systemDialer(options);
  const named = withTls(dialer, { ca: ca.cert });
  const unix = withTls(dialer, { ca: ca.cert, serverName: "localhost" });
  return dialerOf((network, address, dialOptions) => {
    return (network === "unix" ? unix : named).dialContext(network, address, dialOptions);
  });
}
