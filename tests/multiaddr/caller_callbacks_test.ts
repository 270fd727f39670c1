import assert from "node:assert/strict";
import { test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import { type DialError, isDialError } from "../../src/core/dial_error.ts";
import type { ContextDialer } from "../../src/core/dialer.ts";
import { composeDialer } from "../../src/dial/compose_dialer.ts";
import { checkProxy, proxyFromEnv, socks5Dialer, withProxyProtocol } from "../../src/proxy/mod.ts";
import { dialMultiaddr } from "../../src/multiaddr/dial_multiaddr.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";
import { withTls } from "../../src/tls/mod.ts";
import { dialerOf } from "../fakes/dialer_of.ts";
import { thrownValues, waysToFail } from "../fakes/thrown_values.ts";

async function failure(dial: Promise<unknown>): Promise<DialError> {
  const error = await rejectionOf(dial);
  assert.ok(isDialError(error), `a DialError, not ${String(error)}`);
  return error;
}

test("a resolver that fails fails the lookup of a direct dial, whatever it throws", async () => {
  for (const thrown of thrownValues()) {
    for (const lookup of waysToFail(thrown)) {
      const dialer = systemDialer({ resolver: { lookup } });
      const error = await failure(dialer.dialContext("tcp", "peer.example:9"));
      assert.deepEqual([error.code, error.phase], ["ERR_DIAL_FAILED", "resolve"]);
      assert.equal(error.cause, thrown);
    }
  }
});

test("a TXT resolver that fails fails the lookup of a dnsaddr, whatever it throws", async () => {
  for (const thrown of thrownValues()) {
    for (const resolveTxt of waysToFail(thrown)) {
      const options = { txtResolver: { resolveTxt } };
      const error = await failure(dialMultiaddr(systemDialer(), "/dnsaddr/a.example", options));
      assert.deepEqual([error.code, error.phase], ["ERR_DIAL_FAILED", "resolve"]);
      assert.equal(error.cause, thrown);
    }
  }
});

test("a choice of the dialer that throws anything is ERR_DIAL_NO_DIALER", async () => {
  const txtResolver = { resolveTxt: () => Promise.resolve(["dnsaddr=/ip4/127.0.0.1/tcp/1"]) };
  for (const thrown of thrownValues()) {
    const [fails] = waysToFail(thrown);
    const dialer = Object.defineProperty({}, "dialContext", { get: fails! }) as ContextDialer;
    for (const choose of [...waysToFail(thrown), () => dialer]) {
      for (const ma of ["/ip4/127.0.0.1/tcp/1", "/dnsaddr/a.example"]) {
        const error = await failure(dialMultiaddr(choose, ma, { txtResolver }));
        assert.deepEqual([error.code, error.phase], ["ERR_DIAL_NO_DIALER", "route"]);
        assert.equal(error.cause, thrown);
      }
    }
  }
});

test("a dialer that fails fails what wraps it, whatever it throws", async () => {
  for (const thrown of thrownValues()) {
    for (const fails of waysToFail(thrown)) {
      const below = dialerOf(fails);
      const wrapped = [
        withTls(below),
        withProxyProtocol(below, { version: 2 }),
        socks5Dialer({ server: "127.0.0.1:1", via: below }),
        proxyFromEnv({ env: {}, via: below }),
        composeDialer("through", below, (dial) => dial.through(below)),
        composeDialer("bare", [], () => fails()),
      ];
      for (const dialer of wrapped) {
        const error = await failure(dialer.dialContext("tcp", "peer.example:9"));
        assert.deepEqual([error.code, error.phase], ["ERR_DIAL_FAILED", "connect"]);
        assert.equal(error.cause, thrown);
      }
      const check = await checkProxy(below, { level: "tunnel", target: "peer.example:9" });
      assert.equal(check.error?.cause, thrown);
    }
  }
});

test("a getter among the options of a dial that throws rejects the dial with that", async () => {
  const below = dialerOf(() => assert.fail("nothing is to be dialed"));
  const dialers: [name: string, dial: (options: object) => Promise<unknown>][] = [
    ["a first dial", (options) => systemDialer().dialContext("tcp", "127.0.0.1:1", options)],
    ["withTls()", (options) => withTls(below).dialContext("tcp", "a.example:1", options)],
    ["dialMultiaddr()", (options) => dialMultiaddr(below, "/ip4/127.0.0.1/tcp/1", options)],
    [
      "checkProxy()",
      (options) => {
        const target = { level: "tunnel", target: "a.example:1" };
        return checkProxy(below, Object.defineProperties(target, descriptorsOf(options)) as never);
      },
    ],
  ];
  const loaded = systemDialer();
  await loaded.dialContext("unix", "/").catch(() => {});
  for (const address of ["127.0.0.1:1", "peer.example:1"]) {
    dialers.push([`of ${address}`, (options) => loaded.dialContext("tcp", address, options)]);
  }
  for (const thrown of thrownValues()) {
    for (const option of ["signal", "onEvent"]) {
      const options = Object.defineProperty({}, option, {
        enumerable: true,
        get: waysToFail(thrown)[0]!,
      });
      for (const [name, dial] of dialers) {
        assert.equal(await rejectionOf(dial(options)), thrown, `${name}, ${option}`);
      }
    }
  }
});

function descriptorsOf(options: object): PropertyDescriptorMap {
  return Object.getOwnPropertyDescriptors(options) as PropertyDescriptorMap;
}
