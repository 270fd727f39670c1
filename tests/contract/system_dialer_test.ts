import assert from "node:assert/strict";
import { test } from "node:test";
import { bunDialer } from "../../adapters/bun/mod.ts";
import { denoDialer } from "../../adapters/deno/mod.ts";
import { nodeDialer } from "../../adapters/node/mod.ts";
import { systemDialer } from "../../adapters/system.ts";
import { loopbackPeers, testDialer } from "../../src/testing/mod.ts";
import { runtime } from "../runtime.ts";

const native = { node: nodeDialer, deno: denoDialer, bun: bunDialer }[runtime];
const dialers = { "systemDialer()": systemDialer, "the runtime's own dialer": native };

for (const [name, make] of Object.entries(dialers)) {
  testDialer({
    name,
    dialer: make(),
    unsupported: runtime === "deno" ? ["reset"] : [],
    variants: {
      timeoutMs: (timeoutMs) => make({ timeoutMs }),
      resolver: (resolver) => make({ resolver }),
      localAddress: (localAddress) => make({ localAddress }),
    },
  });
  if (runtime !== "deno") continue;
  test(`${name}: reset() closes with FIN, since Deno.connect knows no other way`, async () => {
    const listener = await loopbackPeers().listen("tcp");
    const conn = await make().dialContext("tcp", listener.address);
    const peer = await listener.accept();
    conn.reset();
    assert.equal(await peer.read(new Uint8Array(8)), null);
    await listener.close();
  });
}
