import assert from "node:assert/strict";
import { test } from "node:test";
import { type DialOptions, isDialError, systemDialer } from "../../mod.ts";
import { dialMultiaddr } from "../../src/multiaddr/mod.ts";
import { abortAtEvents } from "../../src/testing/abort_at_events.ts";
import { reportFromEvents } from "../../src/testing/event_tree.ts";
import { loopbackPeers } from "../../src/testing/mod.ts";

test("dialMultiaddr() aborted from within any event leaves no connection behind", async () => {
  const listener = await loopbackPeers().listen("tcp");
  try {
    const port = listener.address.split(":")[1];
    const txtResolver = {
      resolveTxt: () => Promise.resolve([`dnsaddr=/ip4/127.0.0.1/tcp/${port}`]),
    };
    for (const ma of [`/ip4/127.0.0.1/tcp/${port}`, "/dnsaddr/peers.test"]) {
      const dial = (options: DialOptions) =>
        dialMultiaddr(systemDialer(), ma, { txtResolver, ...options });
      await abortAtEvents(dial, ({ at, reason, events, ended, outcome }) => {
        assert.ok(!isDialError(outcome), `${outcome}`);
        if (!ended) assert.equal(outcome, reason, `${ma} at event ${at}`);
        reportFromEvents(events);
      });
    }
    // Every connection that was made is closed, or it would neither say anything nor end.
    const lastConn = await systemDialer().dialContext("tcp", listener.address);
    await lastConn.write(new Uint8Array(1));
    for (let said: number | null = null; said === null;) {
      const peer = await listener.accept();
      said = await peer.read(new Uint8Array(1)).catch(() => null);
    }
    lastConn.close();
  } finally {
    await listener.close();
  }
});
