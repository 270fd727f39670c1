import assert from "node:assert/strict";
import { test } from "node:test";
import { type ContextDialer, systemDialer } from "../../mod.ts";
import type { Connection, TcpOptions } from "../../src/libp2p/mod.ts";
import { socks5Dialer } from "../../src/proxy/mod.ts";
import { bytesOf, readExactly } from "../../src/testing/read_all.ts";
import { maOf, peers, TransportTrial, withPeer } from "./nodes/transport_trial.ts";

/** Counts what listens to a signal. */
class CountedSignal {
  readonly controller = new AbortController();
  listeners = 0;

  constructor() {
    const { signal } = this.controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    const known = new Set<unknown>();
    signal.addEventListener = (type: string, listener: never, options: never) => {
      known.add(listener);
      this.listeners = known.size;
      add(type as "abort", listener, options);
    };
    signal.removeEventListener = (type: string, listener: never, options: never) => {
      known.delete(listener);
      this.listeners = known.size;
      remove(type as "abort", listener, options);
    };
  }
}

/** Aborts a dial once `begun` says so, and checks that it rejects with the reason, at once and with nothing left. */
async function assertAborts(
  ma: string,
  options: TcpOptions,
  begun: Promise<unknown>,
): Promise<void> {
  const trial = new TransportTrial(options);
  const counted = new CountedSignal();
  const { controller } = counted;
  const reason = { why: "the caller changed its mind" };
  const failure = trial.failure(ma, { signal: controller.signal });
  await begun;
  const start = performance.now();
  controller.abort(reason);
  assert.equal(await failure, reason);
  assert.ok(performance.now() - start < 1_000, "promptly");
  assert.equal(counted.listeners, 0);
  assert.equal(trial.opened.length, 0);
  assert.deepEqual(trial.counters.libp2p_tcp_dialer_events_total, { abort: 1 });
}

/** A promise for somebody's call, which never returns. */
function neverReturning(): { call: () => Promise<never>; called: Promise<void> } {
  let note: () => void;
  const called = new Promise<void>((resolve) => note = resolve);
  return { call: () => (note(), new Promise(() => {})), called };
}

test("a dial with a signal that has aborted rejects with its reason, and touches nothing", async () => {
  let asked = 0;
  const customTCPDialer = () => (asked++, undefined as never);
  const trial = new TransportTrial({ customTCPDialer });
  const reason = new Error("too late");
  const signal = AbortSignal.abort(reason);
  let told = 0;
  const failure = trial.failure("/ip4/127.0.0.1/tcp/1", { signal, onProgress: () => told++ });
  assert.equal(await failure, reason);
  assert.deepEqual([asked, told], [0, 0]);
});

test("a dial that is told of leaves nothing on its signal, however it ends", async () => {
  for (const custom of [{}, { dialer: systemDialer() }]) {
    await withPeer(async (trial, _peer, ma) => {
      for (const to of [ma, "/unix/%2Fthere%2Fis%2Fnone"]) {
        const counted = new CountedSignal();
        const options = { signal: counted.controller.signal, onProgress: () => {} };
        await trial.dial(to, options).catch(() => {});
        assert.equal(counted.listeners, 0);
      }
    }, custom);
  }
});

test("an abort while the dialer is chosen ends the dial", async () => {
  const { call, called } = neverReturning();
  await assertAborts("/ip4/127.0.0.1/tcp/1", { customTCPDialer: call }, called);
});

test("an abort while a dnsaddr is looked up ends the dial", async () => {
  const { call, called } = neverReturning();
  await assertAborts("/dnsaddr/peer.example", { txtResolver: { resolveTxt: call } }, called);
});

test("an abort while a name is looked up ends the dial", async () => {
  const { call, called } = neverReturning();
  const dialer = systemDialer({ resolver: { lookup: call } });
  await assertAborts("/dns4/peer.example/tcp/4001", { dialer }, called);
});

test("an abort while a dialer that hears no signal dials ends the dial, and closes what comes late", async () => {
  await withPeer(async (_trial, peer, ma) => {
    const { call, called } = neverReturning();
    let late!: (conn: unknown) => void;
    let closes = 0;
    const dialer = {
      dialContext: () => {
        call();
        return new Promise((resolve) => late = resolve);
      },
    } as unknown as ContextDialer;
    await assertAborts(ma, { dialer }, called);
    await new Promise<void>((resolve) => {
      late({ close: () => (closes++, resolve()) });
    });
    assert.equal(closes, 1);
    assert.equal(peer.seen, 0);
  });
});

test("an abort while it connects ends the dial, with nothing left open", async () => {
  const silent = await peers.silent();
  let note!: () => void;
  const begun = new Promise<void>((resolve) => note = resolve);
  const trial = new TransportTrial();
  const controller = new AbortController();
  const reason = new Error("the caller changed its mind");
  const failure = trial.failure(maOf(silent.address), {
    signal: controller.signal,
    onProgress: ({ type }) => type === "tcp:attempt-start" && note(),
  });
  await begun;
  controller.abort(reason);
  assert.equal(await failure, reason);
  // Throws if one of its connections stays open.
  await silent.close();
});

test("an abort in the handshake with a proxy ends the dial, and the connection to the proxy", async () => {
  await withPeer(async (_trial, proxy) => {
    const dialer = socks5Dialer({ server: proxy.address });
    // The proxy takes the connection and never answers.
    const accepted = proxy.accept();
    const begun = accepted.then((conn) => readExactly(conn, 1));
    await assertAborts("/ip4/192.0.2.1/tcp/4001", { dialer }, begun);
    const conn = await accepted;
    const ended = (async () => {
      while (await conn.read(new Uint8Array(64)) !== null);
    })().catch(() => {});
    await ended;
  });
});

const upgrades: [what: string, run: (signal: AbortSignal) => Promise<Connection>][] = [
  [
    "fails with an error of its own",
    (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(new Error("the upgrade was cut off")))
      ),
  ],
  ["hears no signal", () => new Promise(() => {})],
];
for (const [what, run] of upgrades) {
  test(`an abort in an upgrade that ${what} rejects with its reason, and resets the connection`, async () => {
    await withPeer(async (trial, peer, ma) => {
      const counted = new CountedSignal();
      const { controller } = counted;
      const reason = { why: "the caller changed its mind" };
      const failure = await trial.failure(ma, {
        signal: controller.signal,
        upgrade: () => {
          const upgraded = run(controller.signal);
          setTimeout(() => controller.abort(reason));
          return upgraded;
        },
      });
      assert.equal(failure, reason);
      assert.equal(trial.opened[0]!.status, "aborted");
      assert.deepEqual(trial.counters.libp2p_tcp_dialer_errors_total, { outbound_upgrade: 1 });
      const conn = await peer.accept();
      await conn.read(new Uint8Array(1)).catch(() => {});
    });
  });
}

test("a connection that an aborted upgrade gives after all is aborted", async () => {
  await withPeer(async (trial, _peer, ma) => {
    const controller = new AbortController();
    const reason = new Error("the caller changed its mind");
    const aborted = Promise.withResolvers<unknown>();
    const upgraded = Promise.withResolvers<Connection>();
    const failure = await trial.failure(ma, {
      signal: controller.signal,
      upgrade: () => {
        setTimeout(() => controller.abort(reason));
        return upgraded.promise;
      },
    });
    assert.equal(failure, reason);
    upgraded.resolve({ abort: aborted.resolve } as never);
    assert.equal(await aborted.promise, reason);
  });
});

test("an abort after the dial does nothing, and nothing listens for it", async () => {
  await withPeer(async (trial, peer, ma) => {
    const counted = new CountedSignal();
    const { controller } = counted;
    const [connection, conn] = await Promise.all([
      trial.dial(ma, { signal: controller.signal }),
      peer.accept(),
    ]);
    assert.equal(counted.listeners, 0);
    controller.abort(new Error("too late"));
    connection.send(bytesOf("still here"));
    assert.equal(new TextDecoder().decode(await readExactly(conn, 10)), "still here");
    assert.equal(connection.status, "open");
  });
});
