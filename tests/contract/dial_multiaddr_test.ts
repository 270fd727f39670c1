import { nodeDialer } from "../../adapters/node/mod.ts";
import { dialMultiaddr } from "../../src/multiaddr/mod.ts";
import { testDialer } from "../../src/testing/mod.ts";
import { dialerOf } from "../fakes/dialer_of.ts";

const inner = nodeDialer();

// The dialer that is chosen dials what the contract asks for, so that all but the multiaddr itself is dialMultiaddr's.
testDialer({
  name: "dialMultiaddr()",
  dialer: dialerOf((network, address, options) => {
    const chosen = dialerOf((_network, _address, given) =>
      inner.dialContext(network, address, given)
    );
    return dialMultiaddr(() => chosen, "/ip4/192.0.2.1/tcp/4001", options);
  }),
  // The outermost dial is that of the multiaddr.
  unsupported: ["events"],
});
