/**
 * A process of its own that dials without a descriptor left, and prints as JSON what came of each
 * dial: `without_descriptors.ts PORT`, the port of a listener on the loopback.
 */
import { closeSync, openSync } from "node:fs";
import { systemDialer } from "../../adapters/system.ts";
import type { Network } from "../../src/core/addr.ts";
import type { ContextDialer } from "../../src/core/dialer.ts";
import { httpConnectDialer, socks5Dialer } from "../../src/proxy/mod.ts";

const address = `127.0.0.1:${process.argv[2]}`;
const named = "anydial-test.invalid:1";
const local = socks5Dialer({ server: address, resolve: "local" });

const dials: Record<string, [ContextDialer, Network, string]> = {
  connect: [systemDialer(), "tcp", address],
  unix: [systemDialer(), "unix", "/tmp/anydial-test.sock"],
  name: [systemDialer(), "tcp", named],
  proxy: [socks5Dialer({ server: address }), "tcp", "peer.example:1"],
  "named proxy": [httpConnectDialer({ server: named }), "tcp", "peer.example:1"],
  "name for a proxy": [local, "tcp", named],
};

async function outcome([dialer, network, address]: [ContextDialer, Network, string]) {
  try {
    (await dialer.dialContext(network, address)).close();
    return "dialed";
  } catch (error) {
    const { code, blame } = error as { code: string; blame?: string };
    return blame === undefined ? code : `${code} ${blame}`;
  }
}

// Loads what they need.
await outcome(dials.connect!);
await outcome(dials.name!);
const held: number[] = [];
try {
  for (;;) held.push(openSync("/dev/null", "r"));
} catch {
  // There are no more.
}
const without: Record<string, string> = {};
for (const [what, dial] of Object.entries(dials)) without[what] = await outcome(dial);
for (const descriptor of held) closeSync(descriptor);
const after = [await outcome(dials.connect!), await outcome(dials["named proxy"]!)];
console.log(JSON.stringify({ without, after }));
// Bun keeps the process while abandoned connects are pending.
process.exit(0);
