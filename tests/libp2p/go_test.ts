import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { multiaddr } from "@multiformats/multiaddr";
import { type DialerForAddr, systemDialer } from "../../mod.ts";
import { runProcess } from "../../scripts/run_process.ts";
import { findProgram } from "../peers/program.ts";
import { makeNode } from "./nodes/make_node.ts";
import { startListener } from "./nodes/node_process.ts";
import { assertTalks } from "./nodes/node_talk.ts";
import { proxyWays } from "./nodes/proxy_ways.ts";
import { SharedServer } from "./nodes/shared_server.ts";
import { dialerOf } from "../fakes/dialer_of.ts";

// go-libp2p as the peer: tests/go, built here.

const go = findProgram("go", "install Go 1.21 or later, from https://go.dev/dl");
const directory = mkdtempSync(join(tmpdir(), "anydial-go-"));
after(() => rmSync(directory, { recursive: true, force: true }));

/** Its first build takes a minute, and what it fetches and compiles Go keeps. */
const buildLimitMs = 200_000;

let built: Promise<string> | undefined;

function goPeer(): Promise<string> {
  return built ??= (async () => {
    const path = join(directory, "peer");
    const cwd = fileURLToPath(new URL("../go", import.meta.url));
    const command = [go.path, "build", "-buildvcs=false", "-o", path, "."];
    const { code, output } = await runProcess(command, {
      cwd,
      limitMs: buildLimitMs,
      output: "collect",
    });
    assert.equal(code, 0, output);
    return path;
  })();
}

async function runPeer(...args: string[]): Promise<string> {
  const command = [await goPeer(), ...args];
  const { code, output } = await runProcess(command, { limitMs: 60_000, output: "collect" });
  assert.equal(code, 0, output);
  return output;
}

const ways = proxyWays();
const listener = new SharedServer(async () => startListener([await goPeer(), "listen"]));
for (const way of ways) {
  test(
    `a node talks ${way.name} to one of go-libp2p`,
    { skip: go.missing ?? way.missing },
    async () => {
      const proxy = await way.proxy();
      const { ma } = await listener.get();
      const report = await assertTalks(proxy ? { tcp: { dialer: proxy.dialer } } : {}, ma);
      assert.equal(report?.outcome, "ok");
    },
  );
}

// go-libp2p has no HTTP CONNECT dialer at hand.
for (const way of ways.slice(0, 2)) {
  test(
    `a node of go-libp2p talks ${way.name} to one of ours`,
    { skip: go.missing ?? way.missing },
    async () => {
      const proxy = await way.proxy();
      const node = await makeNode({ listen: ["/ip4/127.0.0.1/tcp/0"] });
      try {
        const ma = node.getMultiaddrs()[0]!.toString();
        const output = await runPeer("dial", ma, ...(proxy ? [proxy.address] : []));
        assert.match(output, /"pingMicroseconds":\d/);
      } finally {
        await node.stop();
      }
    },
  );
}

const trouble = new Error("custom dialer error");

/** What go-libp2p's own tests of its custom TCP dialer go through; tests/go/custom_dialer.go is the same in Go. */
const scenarios: [string, () => unknown][] = [
  ["success", () => systemDialer()],
  ["error in factory", () => Promise.reject(trouble)],
  ["error in custom dialer", () => dialerOf(() => Promise.reject(trouble))],
  ["no dialer", () => undefined],
];

test("a custom dialer does in both languages what go-libp2p's tests of it want", {
  skip: go.missing,
}, async () => {
  const listening = await makeNode({ listen: ["/ip4/127.0.0.1/tcp/0"] });
  const ours: unknown[] = [];
  for (const [scenario, serve] of scenarios) {
    let asked = 0;
    const customTCPDialer = (() => (asked++, serve())) as DialerForAddr;
    const node = await makeNode({ tcp: { customTCPDialer } });
    const ma = multiaddr(listening.getMultiaddrs()[0]!.toString());
    const error = await node.dial(ma).then(() => undefined, (error: Error) => error);
    ours.push({
      scenario,
      asked,
      connected: error === undefined,
      saysWhy: error?.message.includes(trouble.message) ?? false,
    });
    await node.stop();
  }
  await listening.stop();
  const output = await runPeer("custom-dialer");
  const theirs = output.trim().split("\n").map((line) => JSON.parse(line) as unknown);
  assert.deepEqual(ours, theirs);
});
