import { nodeDialer } from "../../adapters/node/mod.ts";
import { testDialer } from "../../src/testing/mod.ts";

testDialer({
  name: "nodeDialer()",
  dialer: nodeDialer(),
  variants: {
    timeoutMs: (timeoutMs) => nodeDialer({ timeoutMs }),
    resolver: (resolver) => nodeDialer({ resolver }),
    localAddress: (localAddress) => nodeDialer({ localAddress }),
  },
});
