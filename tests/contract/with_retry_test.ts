import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { nodeDialer } from "../../adapters/node/mod.ts";
import { systemDialer } from "../../adapters/system.ts";
import { composeDialer, type ContextDialer, type DialEvent, type DialReport } from "../../mod.ts";
import { socks5Dialer } from "../../src/proxy/mod.ts";
import { reportFromEvents } from "../../src/testing/event_tree.ts";
import { type ContractLack, testDialer } from "../../src/testing/mod.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";
import { WatchedSignal } from "../../src/testing/watched_signal.ts";
import { type RetryOptions, withRetry } from "../dial/with_retry.ts";
import { dialerOf } from "../fakes/dialer_of.ts";
import { failureOf } from "../fakes/proxy/dial_outcome.ts";
import { FakeSocks5 } from "../fakes/proxy/fake_socks5.ts";
import { runtime } from "../runtime.ts";

const options: RetryOptions = { maxRetries: 2, baseDelayMs: 1 };
const passThrough = (dialer: ContextDialer) =>
  composeDialer("pass", dialer, (dial) => dial.through(dialer));

testDialer({
  name: "withRetry()",
  dialer: withRetry(nodeDialer(), options),
  variants: {
    timeoutMs: (timeoutMs) => withRetry(nodeDialer({ timeoutMs }), { ...options, maxRetries: 1 }),
    resolver: (resolver) => withRetry(nodeDialer({ resolver }), options),
    localAddress: (localAddress) => withRetry(nodeDialer({ localAddress }), options),
  },
});

testDialer({
  name: "withRetry() twice",
  dialer: withRetry(withRetry(nodeDialer(), options), options),
  variants: {
    timeoutMs: (timeoutMs) => {
      const dialer = withRetry(withRetry(nodeDialer(), options), options);
      return composeDialer("limit", dialer, (dial) => {
        dial.limit(timeoutMs);
        return dial.through(dialer);
      });
    },
  },
});

// Deno.connect cannot send RST.
const unsupported: ContractLack[] = runtime === "deno" ? ["reset"] : [];

testDialer({
  name: "composeDialer() over systemDialer()",
  dialer: passThrough(systemDialer()),
  unsupported,
  variants: {
    timeoutMs: (timeoutMs) => passThrough(systemDialer({ timeoutMs })),
    resolver: (resolver) => passThrough(systemDialer({ resolver })),
    localAddress: (localAddress) => passThrough(systemDialer({ localAddress })),
  },
});

const socks = await FakeSocks5.listen();
after(() => socks.close());

testDialer({
  name: "composeDialer() over socks5Dialer()",
  dialer: passThrough(socks5Dialer({ server: socks.address })),
  unsupported: ["unix", ...unsupported],
  codes: {
    refused: "ERR_PROXY_TARGET_REFUSED",
    // The proxy runs here, and Bun's `connect` says of an unreachable network that it refuses.
    unreachable: runtime === "bun"
      ? "ERR_PROXY_TARGET_REFUSED"
      : "ERR_PROXY_TARGET_NET_UNREACHABLE",
    unknownName: "ERR_PROXY_TARGET_HOST_UNREACHABLE",
  },
  hops: [{ transport: "tcp", hostname: "127.0.0.1", port: socks.port }],
  variants: {
    timeoutMs: (timeoutMs) => passThrough(socks5Dialer({ server: socks.address, timeoutMs })),
    resolver: (resolver) =>
      passThrough(socks5Dialer({ server: socks.address, resolve: "local", resolver })),
  },
});

/** Fails so often before it dials. */
function failing(failures: number): ContextDialer & { dials: number } {
  const system = systemDialer();
  return {
    dials: 0,
    dialContext(network, address, options) {
      if (this.dials++ < failures) {
        return Promise.reject(Object.assign(new Error("x"), { code: "EHOSTUNREACH" }));
      }
      return system.dialContext(network, address, options);
    },
  };
}

function kindsOf({ children }: DialReport): string[] {
  return children.map(({ kind, label, outcome }) => `${kind} ${label}: ${outcome}`);
}

test("withRetry() gives the tree of its attempts and waits", async () => {
  const peer = await FakeSocks5.listen();
  const events: DialEvent[] = [];
  const delays: number[] = [];
  const dialer = withRetry(failing(2), { maxRetries: 5, baseDelayMs: 4, random: () => 0.5 });
  const conn = await dialer.dialContext("tcp", peer.address, {
    onEvent(event) {
      events.push(event);
      if (event.type === "wait-start") delays.push(event.ms);
    },
  });
  conn.close();
  const dial = `dial tcp ${peer.address}`;
  assert.deepEqual(kindsOf(conn.report), [
    `${dial}: failed`,
    "wait before retry 1: ok",
    "retry 1: ok",
    `${dial}: failed`,
    "wait before retry 2: ok",
    "retry 2: ok",
    `${dial}: ok`,
  ]);
  assert.deepEqual(kindsOf(conn.report.children[6]!), [`attempt ${peer.address}: ok`]);
  assert.equal(conn.report.children[2]!.detail, "host unreachable");
  assert.deepEqual(reportFromEvents(events), conn.report);
  assert.deepEqual(delays, [2, 4]);
  await peer.close();
});

test("withRetry() gives up with the last failure, and with all of them in `errors`", async () => {
  const inner = failing(Infinity);
  const error = await failureOf(withRetry(inner, options), "127.0.0.1:9");
  assert.equal(inner.dials, 3);
  assert.equal(error.message, "Cannot dial tcp 127.0.0.1:9: host unreachable");
  assert.deepEqual([error.code, error.phase, error.errors?.length], ["EHOSTUNREACH", "connect", 3]);
  assert.equal(error.cause, error.errors![2]);
  assert.deepEqual(error.report.children.map(({ kind }) => kind), [
    ...["dial", "wait", "retry", "dial", "wait", "retry", "dial"],
  ]);
  assert.equal(String(withRetry(inner, options)), "retry(dialer)");
});

test("withRetry() does not dial a bad address twice", async () => {
  let dials = 0;
  const system = systemDialer();
  const dialer = dialerOf((...args) => (dials++, system.dialContext(...args)));
  const error = await failureOf(withRetry(dialer, options), "no port");
  assert.deepEqual([error.code, dials], ["ERR_DIAL_ADDRESS", 1]);
});

test("withRetry() rejects with the caller's reason itself when aborted in a wait", async () => {
  for (const reason of [new Error("enough"), "a word", null, 0]) {
    const inner = failing(Infinity);
    const watched = new WatchedSignal();
    const events: DialEvent[] = [];
    const dial = withRetry(inner, { ...options, baseDelayMs: 60_000, random: () => 1 })
      .dialContext("tcp", "127.0.0.1:9", {
        signal: watched.signal,
        onEvent(event) {
          events.push(event);
          if (event.type === "wait-start") setTimeout(() => watched.abort(reason), 5);
        },
      });
    assert.equal(await rejectionOf(dial), reason);
    assert.equal(inner.dials, 1);
    assert.equal(watched.listeners, 0);
    const { outcome, children } = reportFromEvents(events);
    assert.deepEqual([outcome, ...children.map(({ outcome }) => outcome)], [
      ...["aborted", "failed", "aborted"],
    ]);
  }
});

test("docs/write-a-dialer.md has the same withRetry(), of at most 40 lines", () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
  const code = read("../dial/with_retry.ts");
  const [imports, ...rest] = code.split("\n\n");
  assert.match(imports!, /^import .* from "..\/..\/mod.ts";$/);
  assert.ok(read("../../docs/write-a-dialer.md").includes(rest.join("\n\n")));
  assert.ok(code.trimEnd().split("\n").length <= 40);
});
