import assert from "node:assert/strict";
import { test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import { DialError, isDialError } from "../../src/core/dial_error.ts";
import type { Network } from "../../src/core/addr.ts";
import type { ContextDialer, DialOptions } from "../../src/core/dialer.ts";
import { composeDialer } from "../../src/dial/compose_dialer.ts";
import { socks5Dialer } from "../../src/proxy/mod.ts";
import { dialMultiaddr } from "../../src/multiaddr/dial_multiaddr.ts";
import { withTls } from "../../src/tls/mod.ts";
import { dialerOf } from "../fakes/dialer_of.ts";

/** A dialer over the system's that does nothing of its own. */
const wrapped = (dialer: ContextDialer) =>
  composeDialer("wrapped", dialer, (dial) => dial.through(dialer));

const closed = "127.0.0.1:1";

/** Dials that fail, each in another place. */
const dials: Record<string, [dialer: () => ContextDialer, network: Network, address: string]> = {
  "a literal": [systemDialer, "tcp", closed],
  "a name": [systemDialer, "tcp", "localhost:1"],
  "an address that is none": [systemDialer, "tcp", "nowhere"],
  "a path": [systemDialer, "unix", "/nowhere/at/all"],
  "a wrapper": [() => wrapped(wrapped(systemDialer())), "tcp", closed],
  "TLS": [() => withTls(systemDialer()), "tcp", closed],
  "a proxy": [() => socks5Dialer({ server: closed }), "tcp", "peer.example:1"],
  "a chain": [
    () => socks5Dialer({ server: "127.0.0.2:1", via: socks5Dialer({ server: closed }) }),
    "tcp",
    "peer.example:1",
  ],
  "a limit": [
    () =>
      composeDialer("limited", [], async (dial) => {
        dial.limit(10);
        return await dial.through(dialerOf(() => new Promise(() => {})));
      }),
    "tcp",
    closed,
  ],
  "a wait": [
    () =>
      composeDialer("waiting", [], async (dial) => {
        await dial.wait(5, "for its turn");
        throw dial.error({ code: "ERR_DIAL_FAILED", phase: "wait", reason: "it was no use" });
      }),
    "tcp",
    closed,
  ],
  "somebody else's dialer": [
    () => wrapped(dialerOf(() => Promise.reject(new Error("not today")))),
    "tcp",
    closed,
  ],
};

/** Named so that it can be looked for. */
async function callerOfTheDial(dialer: ContextDialer, network: Network, address: string) {
  const conn = await dialer.dialContext(network, address);
  conn.close();
}

function assertFrame(error: unknown, what: string): void {
  assert.ok(isDialError(error), `${what}: ${error}`);
  assert.match(error.stack!, /callerOfTheDial/, what);
  assert.ok(error.stack!.includes(error.message), what);
}

for (const [what, [make, network, address]] of Object.entries(dials)) {
  test(`the error of a dial has the caller's frame in its stack: ${what}`, async () => {
    const dialer = make();
    // The first dial of the system's dialer loads what the others have.
    for (const time of ["first", "second"]) {
      const error = await callerOfTheDial(dialer, network, address).catch((error) => error);
      assertFrame(error, `${what}, ${time}`);
    }
    const all = Promise.all([callerOfTheDial(dialer, network, address)]);
    assertFrame(await all.catch((error) => error), `${what}, Promise.all`);
  });
}

test("the error of dialMultiaddr() has the caller's frame in its stack", async () => {
  async function callerOfTheDial(ma: string) {
    await dialMultiaddr(systemDialer(), ma);
  }
  for (const ma of ["/ip4/127.0.0.1/tcp/1", "/dns4/localhost/tcp/1", "/ip4/127.0.0.1/udp/1"]) {
    assertFrame(await callerOfTheDial(ma).catch((error) => error), ma);
  }
});

test("the reason of an abort keeps its own stack, also where it is a DialError", async () => {
  const endless = dialerOf(() => new Promise(() => {}));
  const reason = new DialError({
    ...{ code: "ERR_DIAL_FAILED", phase: "connect", network: "tcp", address: closed },
    reason: "given up",
  });
  reason.stack = "its own";
  for (const dialer of [wrapped(endless), wrapped(wrapped(endless))]) {
    const controller = new AbortController();
    const options: DialOptions = { signal: controller.signal };
    const failed = dialer.dialContext("tcp", closed, options).catch((error) => error);
    controller.abort(reason);
    assert.equal(await failed, reason);
    assert.equal(reason.stack, "its own");
  }
});
