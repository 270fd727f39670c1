import assert from "node:assert/strict";
import { test } from "node:test";
import type { DialEvent } from "../../src/core/dial_event.ts";
import type { OwnConn } from "../../src/conn/own_conn.ts";
import type { DialError } from "../../src/core/dial_error.ts";
import { makeDialer } from "../../src/dial/compose_dialer.ts";
import type { RunningDial } from "../../src/dial/running_dial.ts";
import { loopbackPeers } from "../../src/testing/mod.ts";
import { startMultiaddrDial } from "../../src/multiaddr/dial_multiaddr.ts";
import { WatchedSignal } from "../../src/testing/watched_signal.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";
import { systemDialer } from "../../adapters/system.ts";
import { dialerOf } from "../fakes/dialer_of.ts";
import { settle, VirtualClock } from "../fakes/virtual_clock.ts";

type Run = (dial: RunningDial) => Promise<OwnConn>;

const target = "peer.example:9";
const never = new Promise<never>(() => {});
const failure = { code: "ECONNREFUSED", phase: "connect", reason: "no" } as const;

/** Gives `use` a connection of this package, and says whether it was reset in the end. */
async function withConn(use: (conn: OwnConn) => Promise<void>): Promise<boolean> {
  const listener = await loopbackPeers().listen("tcp");
  try {
    const conn = await systemDialer().dialContext("tcp", listener.address) as OwnConn;
    let reset = false;
    const end = conn.reset.bind(conn);
    conn.reset = () => (reset = true, end());
    await use(conn);
    conn.close();
    return reset;
  } finally {
    await listener.close();
  }
}

function dialWith(run: Run, clock: VirtualClock, signal?: AbortSignal): Promise<unknown> {
  const dialer = makeDialer({ name: "x", over: [], clock, run });
  return dialer.dialContext("tcp", target, signal && { signal });
}

test("the timer of a limit is cleared however the dial ends", async () => {
  await withConn(async (conn) => {
    const ends: [how: string, run: Run][] = [
      ["success", () => Promise.resolve(conn)],
      ["failure", (dial) => Promise.reject(dial.error(failure))],
      ["abort", () => never],
    ];
    for (const [how, run] of ends) {
      const clock = new VirtualClock();
      const controller = new AbortController();
      const dial = dialWith(
        (dial) => {
          dial.limit(1_000);
          return run(dial);
        },
        clock,
        controller.signal,
      );
      if (how === "abort") controller.abort("enough");
      await dial.catch(() => {});
      assert.equal(clock.pending, 0, how);
    }
  });
});

test("what waits for the end of a dial hears of it, well or not, and at once when it is over", async () => {
  await withConn(async (conn) => {
    const runs: Run[] = [
      () => Promise.resolve(conn),
      (dial) => Promise.reject(dial.error(failure)),
    ];
    for (const run of runs) {
      let dial: RunningDial | undefined;
      let asked: AbortSignal | undefined;
      await dialWith((running) => {
        dial = running;
        asked = running.untilOver;
        return run(running);
      }, new VirtualClock()).catch(() => {});
      assert.equal(asked!.aborted, true);
      let late: RunningDial | undefined;
      await dialWith((running) => run(late = running), new VirtualClock()).catch(() => {});
      assert.equal(late!.untilOver.aborted, true, "also if it is asked for later");
      assert.equal(dial!.isOver, true);
    }
  });
});

test("a connection that a dial made is reset, unless it is the one that is returned", async () => {
  const cases: [what: string, reset: boolean, run: (conn: OwnConn) => Promise<unknown>][] = [
    [
      "returned",
      false,
      (conn) =>
        dialWith((dial) => {
          dial.obtained(conn);
          return Promise.resolve(conn);
        }, new VirtualClock()),
    ],
    [
      "made before a failure",
      true,
      (conn) =>
        rejectionOf(dialWith((dial) => {
          dial.obtained(conn);
          throw dial.error(failure);
        }, new VirtualClock())),
    ],
    ["made when the dial was over", true, async (conn) => {
      let over: RunningDial | undefined;
      await rejectionOf(dialWith((dial) => {
        over = dial;
        throw dial.error(failure);
      }, new VirtualClock()));
      over!.obtained(conn);
    }],
  ];
  for (const [what, reset, run] of cases) {
    assert.equal(await withConn(async (conn) => void await run(conn)), reset, what);
  }
});

test("a dial that is aborted at the end of a step does not go on after it", async () => {
  for (const fails of [false, true]) {
    const controller = new AbortController();
    const came: unknown[] = [];
    const dialer = makeDialer({
      ...{ name: "x", over: [] },
      async run(dial) {
        const start = { type: "lookup-start", host: "peer.example", family: 4 } as const;
        await dial.step(start, async (step) => {
          await undefined;
          if (fails) throw step.error(failure);
        }).then(() => came.push("went on"), (reason) => came.push(reason));
        return await never;
      },
    });
    const onEvent = ({ type }: DialEvent) => type === "lookup-end" && controller.abort("enough");
    const { signal } = controller;
    assert.equal(
      await rejectionOf(dialer.dialContext("tcp", target, { signal, onEvent })),
      "enough",
    );
    await settle();
    assert.deepEqual(came, ["enough"]);
  }
});

test("the reason of an abort stays what it was, whatever the dial does afterwards", async () => {
  const controller = new AbortController();
  let dial: RunningDial | undefined;
  const aborted = dialWith(
    async (running) => {
      dial = running;
      await running.wait(1_000, "for nothing").catch(() => {});
      throw running.error(failure);
    },
    new VirtualClock(),
    controller.signal,
  );
  controller.abort("enough");
  assert.equal(await rejectionOf(aborted), "enough");
  await settle();
  assert.equal(await rejectionOf(dial!.wait(1, "once more")), "enough");
  assert.equal(dial!.signal.reason, "enough");
});

test("a `through` with a signal of its own leaves no listener on it", async () => {
  await withConn(async (conn) => {
    const ends: [how: string, answer: () => Promise<OwnConn>][] = [
      ["success", () => Promise.resolve(conn)],
      ["failure", () => Promise.reject(new Error("no"))],
      ["given up", () => never],
    ];
    for (const [how, answer] of ends) {
      const watched = new WatchedSignal();
      const controller = new AbortController();
      const dial = dialWith(
        (dial) => {
          const dialing = dial.through({ dialContext: answer }, { signal: watched.signal });
          return dialing as Promise<OwnConn>;
        },
        new VirtualClock(),
        controller.signal,
      );
      assert.equal(watched.listeners, 1, how);
      if (how === "given up") controller.abort("enough");
      await dial.catch(() => {});
      assert.equal(watched.listeners, 0, how);
    }
  });
});

test("a limit ends the steps that are open, which say no more than that", async () => {
  const clock = new VirtualClock();
  const dial = dialWith((dial) => {
    dial.limit(20);
    return dial.step({ type: "attempt-start", address: "192.0.2.1:9" }, () => never);
  }, clock);
  await Promise.all([clock.pass(20), dial.catch(() => {})]);
  const { message, report } = await rejectionOf(dial) as DialError;
  const limit = { code: "ETIMEDOUT", message: "timed out after 20 ms" };
  assert.deepEqual(report.children.map(({ outcome, error }) => [outcome, error]), [
    ["failed", limit],
  ]);
  assert.equal(report.error!.message, message);
});

test("a limit of a multiaddr's dial names the address that it comes to", async () => {
  const clock = new VirtualClock();
  const silent = { dialContext: () => never };
  const dial = startMultiaddrDial(silent, "/dns4/peer.example/tcp/9", {}, { clock, timeoutMs: 20 });
  await Promise.all([clock.pass(20), dial.catch(() => {})]);
  const { network, address } = await rejectionOf(dial) as DialError;
  assert.deepEqual([network, address], ["tcp4", "peer.example:9"]);
});

test("a dial that is aborted when one within it has connected gives no connection", async () => {
  const listener = await loopbackPeers().listen("tcp");
  const controller = new AbortController();
  let came: unknown;
  // One that tells nothing of its steps, so that its end is told when it has answered.
  const plain = dialerOf(() => systemDialer().dialContext("tcp", listener.address));
  const dialer = makeDialer({
    ...{ name: "x", over: [] },
    async run(dial) {
      came = await dial.through(plain).catch((reason) => reason);
      return await never;
    },
  });
  let dials = 0;
  const onEvent = ({ type }: DialEvent) => {
    if (type === "dial-end" && ++dials === 1) controller.abort("enough");
  };
  const { signal } = controller;
  assert.equal(await rejectionOf(dialer.dialContext("tcp", target, { signal, onEvent })), "enough");
  await settle();
  assert.equal(came, "enough");
  const peer = await listener.accept();
  assert.equal(await peer.read(new Uint8Array(1)).catch(() => null), null, "it is closed");
  await listener.close();
});
