import assert from "node:assert/strict";
import { test } from "node:test";
import { bunDialer } from "../../adapters/bun/mod.ts";
import { denoDialer, type DenoDialerOptions } from "../../adapters/deno/mod.ts";
import { nodeDialer } from "../../adapters/node/mod.ts";
import { systemDialer } from "../../adapters/system.ts";
import { systemResolver } from "../../src/resolver/system_resolver.ts";
import { netDialerConfig } from "../../src/net/net_dialer_options.ts";

type Thrown = typeof TypeError | typeof RangeError;

const bad: [options: unknown, thrown: Thrown, message: string][] = [
  [{ timeoutMs: 0 }, RangeError, "timeoutMs must be between 1 and 2147483647 ms, not 0"],
  [{ timeoutMs: -1 }, RangeError, "timeoutMs must be between 1 and 2147483647 ms, not -1"],
  [{ timeoutMs: NaN }, RangeError, "timeoutMs must be between 1 and 2147483647 ms, not NaN"],
  [
    { timeoutMs: 2 ** 31 },
    RangeError,
    "timeoutMs must be between 1 and 2147483647 ms, not 2147483648",
  ],
  [{ timeoutMs: "5" }, TypeError, "timeoutMs must be a number of milliseconds, not a string"],
  [{ attemptDelayMs: 9 }, RangeError, "attemptDelayMs must be between 10 and 2147483647 ms, not 9"],
  [
    { attemptDelayMs: true },
    TypeError,
    "attemptDelayMs must be a number of milliseconds, not true",
  ],
  [
    { resolutionDelayMs: -1 },
    RangeError,
    "resolutionDelayMs must be between 0 and 2147483647 ms, not -1",
  ],
  [{ keepAlive: 0 }, RangeError, "keepAlive must be between 1 and 32767000 ms, not 0"],
  [
    { keepAlive: 32_767_001 },
    RangeError,
    "keepAlive must be between 1 and 32767000 ms, not 32767001",
  ],
  [{ keepAlive: true }, TypeError, "keepAlive must be a number of milliseconds, not true"],
  [{ localPort: 0 }, RangeError, "localPort must be between 1 and 65535, not 0"],
  [{ localPort: 65536 }, RangeError, "localPort must be between 1 and 65535, not 65536"],
  [{ localPort: 1.5 }, RangeError, "localPort must be between 1 and 65535, not 1.5"],
  [{ localPort: "80" }, RangeError, "localPort must be between 1 and 65535, not a string"],
  [{ localAddress: "" }, TypeError, "localAddress must be an IP address"],
  [{ localAddress: "eth0" }, TypeError, "localAddress must be an IP address"],
  [{ localAddress: "[::1]" }, TypeError, "localAddress must be an IP address"],
  [
    { localAddress: {} },
    TypeError,
    "localAddress must be an IP address or name ipv4, ipv6 or both",
  ],
  [
    { localAddress: null },
    TypeError,
    "localAddress must be an IP address or name ipv4, ipv6 or both",
  ],
  [
    { localAddress: { ipv4: 4 } },
    TypeError,
    "localAddress.ipv4 must be an IPv4 address",
  ],
  [
    { localAddress: { ipv4: "::1" } },
    TypeError,
    "localAddress.ipv4 must be an IPv4 address",
  ],
  [
    { localAddress: { ipv6: "1.2.3.4" } },
    TypeError,
    "localAddress.ipv6 must be an IPv6 address",
  ],
  [{ preferFamily: 5 }, RangeError, "preferFamily must be 4 or 6"],
  [{ preferFamily: "6" }, RangeError, "preferFamily must be 4 or 6"],
  [{ noDelay: 1 }, TypeError, "noDelay must be a boolean, not 1"],
  [{ resolver: {} }, TypeError, "resolver must have a lookup method, not be an object"],
  [{ resolver: null }, TypeError, "resolver must have a lookup method, not be null"],
];

for (const [options, thrown, message] of bad) {
  test(`a dialer is not made with ${JSON.stringify(options)}: ${message}`, () => {
    // All of them, since systemDialer() loads its adapter only with the first dial.
    for (const make of [systemDialer, nodeDialer, denoDialer, bunDialer]) {
      assert.throws(() => make(options as DenoDialerOptions), { name: thrown.name, message });
    }
  });
}

test("the defaults are those of RFC 8305, without a time limit", () => {
  assert.deepEqual(netDialerConfig({}), {
    timeoutMs: undefined,
    localAddress: {},
    onlyFamily: undefined,
    localPort: undefined,
    attemptDelayMs: 250,
    resolutionDelayMs: 50,
    preferFamily: 6,
    noDelay: true,
    keepAlive: true,
    keepAliveMs: 15_000,
    setsKeepAliveMs: false,
    resolver: systemResolver,
    mayDialNames: true,
  });
});

test("one local address is the only family's, one for each family confines nothing", () => {
  const one = netDialerConfig({ localAddress: "fe80::1%eth0" });
  assert.deepEqual([one.localAddress, one.onlyFamily], [{ 6: "fe80::1%eth0" }, 6]);
  const both = netDialerConfig({ localAddress: { ipv4: "192.0.2.1", ipv6: "::1" } });
  assert.deepEqual([both.localAddress, both.onlyFamily], [{ 4: "192.0.2.1", 6: "::1" }, undefined]);
});

test("the extreme values are taken", () => {
  for (const make of [systemDialer, nodeDialer, bunDialer, denoDialer]) {
    make({ timeoutMs: 1, attemptDelayMs: 10, resolutionDelayMs: 0, keepAlive: 1, localPort: 1 });
    make({ timeoutMs: 2 ** 31 - 1, attemptDelayMs: false, keepAlive: false, localPort: 65535 });
  }
});

test("denoDialer() refuses what its native connections cannot do", () => {
  for (const options of [{ localAddress: "::1" }, { localPort: 9 }, { keepAlive: 1_000 }]) {
    const [name] = Object.keys(options);
    assert.throws(() => denoDialer({ ...options, api: "native" }), {
      name: "TypeError",
      message: `Deno.connect cannot set ${name}: leave api: "native" away`,
    });
    denoDialer({ ...options, api: "node" });
  }
  denoDialer({ keepAlive: false, api: "native" });
  assert.throws(() => denoDialer({ api: "fetch" as "node" }), {
    name: "TypeError",
    message: 'api must be "native" or "node"',
  });
});
