/**
 * Runs libp2p's own suite for transports over `tcp()`, and prints what becomes of each test as a line of JSON. A program of
 * its own, since the suite wants mocha's globals, and bun's test runner puts its own ones in their place.
 *
 *     node tests/libp2p/compliance_program.ts ip4
 *     node tests/libp2p/compliance_program.ts ip6 socks5 127.0.0.1:1080
 *     node tests/libp2p/compliance_program.ts ip6 http-connect 127.0.0.1:3128 "can close connections"
 */
import assert from "node:assert/strict";
import { inspect } from "node:util";
// Deno only takes from within an npm package what it has seen before.
import "aegir/chai";
import { yamux } from "@chainsafe/libp2p-yamux";
import suite from "@libp2p/interface-compliance-tests/transport";
import { tcp } from "../../../src/libp2p/mod.ts";
import { noiseHere } from "./noise_here.ts";
import { proxiedDialer } from "./proxied_dialer.ts";

type Body = (this: { timeout(ms: number): void; skip(): void }) => unknown;

const tests: { name: string; body: Body; hooks: (() => unknown)[] }[] = [];
let hooks: (() => unknown)[] = [];

Object.assign(globalThis, {
  describe(_name: string, body: () => void) {
    const outer = hooks;
    hooks = [...outer];
    body();
    hooks = outer;
  },
  afterEach: (hook: () => unknown) => hooks.push(hook),
  it: (name: string, body: Body) => tests.push({ name, body, hooks }),
});

const [family, protocol, server, only] = process.argv.slice(2);
const host = family === "ip6" ? "/ip6/::1" : "/ip4/127.0.0.1";
const dialer = protocol === undefined ? undefined : proxiedDialer(protocol, server!);
const matcher = { matches: isTcp, exactMatch: isTcp };

function isTcp(ma?: { toString(): string }): boolean {
  return /^\/ip[46]\/[^/]+\/tcp\/\d+(\/p2p\/\w+)?$/.test(String(ma));
}

suite({
  setup: () => {
    const common = {
      transports: [tcp()],
      connectionEncrypters: [noiseHere()],
      streamMuxers: [yamux()],
    };
    return Promise.resolve({
      listener: { ...common, addresses: { listen: [`${host}/tcp/0`, `${host}/tcp/0`] } },
      dialer: { ...common, transports: [tcp(dialer && { dialer })] },
      dialMultiaddrMatcher: matcher,
      listenMultiaddrMatcher: matcher,
    } as never);
  },
  teardown: () => Promise.resolve(),
});

for (const { name, body, hooks } of tests) {
  if (only !== undefined && name !== only) continue;
  let error: string | undefined;
  try {
    try {
      await body.call({ timeout: () => {}, skip: () => assert.fail("it skips itself") });
    } finally {
      for (const hook of hooks) await hook();
    }
  } catch (thrown) {
    error = inspect(thrown);
  }
  console.log(JSON.stringify({ name, error }));
}
// A dependency of libp2p's would keep Deno alive.
process.exit(0);
