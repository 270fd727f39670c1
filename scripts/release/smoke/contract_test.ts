/** The contract suite as a user has it, by the package's name; run by `smoke.ts` on Node 20. */
import { systemDialer } from "@anydial/dialer";
import { nodeDialer } from "@anydial/dialer/node";
import { testDialer } from "@anydial/dialer/testing";

for (const [name, make] of Object.entries({ systemDialer, nodeDialer })) {
  testDialer({
    name: `${name}() of the package`,
    dialer: make(),
    variants: {
      timeoutMs: (timeoutMs) => make({ timeoutMs }),
      resolver: (resolver) => make({ resolver }),
      localAddress: (localAddress) => make({ localAddress }),
    },
  });
}
