import assert from "node:assert/strict";
import { after, test } from "node:test";
import { systemDialer } from "../../../adapters/system.ts";
import type { Conn } from "../../../src/core/conn.ts";
import type { DialEvent } from "../../../src/core/dial_event.ts";
import type { DialReport } from "../../../src/core/dial_report.ts";
import type { ContextDialer } from "../../../src/core/dialer.ts";
import { MAX_CACHED_PROXIES, PipeliningCache } from "../../../src/proxy/socks/pipelining_cache.ts";
import { socks5Dialer, type Socks5DialerOptions } from "../../../src/proxy/mod.ts";
import { roundTripMs } from "../../../src/proxy/handshake/round_trip.ts";
import { dialerOf } from "../../fakes/dialer_of.ts";
import { assertEchoes, failureOf } from "../../fakes/proxy/dial_outcome.ts";
import { FakeSocks5, type FakeSocks5Options } from "../../fakes/proxy/fake_socks5.ts";
import { startEcho } from "../../fakes/proxy/target.ts";

const echo = await startEcho();
after(() => echo.close());
const login = { username: "alice", password: "secret" };

/** A proxy, and dialers that share what they learn of it. */
async function withServer(
  options: FakeSocks5Options,
  run: (
    server: FakeSocks5,
    make: (options?: Partial<Socks5DialerOptions>) => ContextDialer,
  ) => Promise<void>,
): Promise<void> {
  const server = await FakeSocks5.listen(options);
  const via = systemDialer();
  const credentials = options.login;
  try {
    await run(
      server,
      (more) => socks5Dialer({ server: server.address, via, credentials, stallMs: 60, ...more }),
    );
    assert.deepEqual(server.faults, []);
  } finally {
    await server.close();
  }
}

/** A way to proxies on which connecting takes so long; nothing else is known of it. */
function slowWay(ms: number): ContextDialer {
  const system = systemDialer();
  return dialerOf(async (network, address) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    const conn = await system.dialContext(network, address);
    return {
      read: (buffer: Uint8Array) => conn.read(buffer),
      write: (data: Uint8Array) => conn.write(data),
      close: () => conn.close(),
      reset: () => conn.reset(),
    } as Conn;
  });
}

async function dialOnce(dialer: ContextDialer): Promise<void> {
  const conn = await dialer.dialContext("tcp", echo.address);
  await assertEchoes(conn);
  conn.close();
}

test("auto, with credentials: a proxy that takes one flight gets one from the first dial on", async () => {
  await withServer({ login }, async (server, make) => {
    for (let dial = 0; dial < 3; dial++) await dialOnce(make());
    assert.deepEqual(server.requests.map(({ pipelined }) => pipelined), [true, true, true]);
    assert.equal(server.connections, 3);
  });
});

test("auto, with credentials: a proxy that drops what follows the greeting costs one connection more, once", async () => {
  await withServer({ login, dropsTheRest: true }, async (server, make) => {
    const begin = performance.now();
    await dialOnce(make());
    assert.ok(performance.now() - begin >= 50, "the stated bound was waited for");
    assert.equal(server.connections, 2);
    for (let dial = 0; dial < 3; dial++) await dialOnce(make());
    assert.deepEqual(server.requests.map(({ pipelined }) => pipelined), new Array(4).fill(false));
    assert.equal(server.connections, 5);
  });
});

test("auto, without credentials: step by step, whatever the proxy takes, with one connection a dial", async () => {
  for (const options of [{}, { dropsTheRest: true }, { replyAfterMs: 150 }]) {
    await withServer(options, async (server, make) => {
      const seen = echo.seen;
      for (let dial = 0; dial < 3; dial++) await dialOnce(make());
      assert.deepEqual(server.requests.map(({ pipelined }) => pipelined), [false, false, false]);
      assert.deepEqual([server.connections, echo.seen - seen], [3, 3]);
    });
  }
});

for (const known of ["by a dial with credentials", "by a dial that asked for one flight"]) {
  test(`auto, without credentials: one flight to a proxy that is known to take it, ${known}`, async () => {
    const options: FakeSocks5Options = {};
    await withServer(options, async (server, make) => {
      if (known === "by a dial with credentials") {
        options.login = login;
        await dialOnce(make({ credentials: login }));
        delete options.login;
      } else {
        await dialOnce(make({ handshake: "pipelined" }));
      }
      await dialOnce(make({ credentials: undefined }));
      assert.deepEqual(server.requests.map(({ pipelined }) => pipelined), [true, true]);
    });
  });
}

test("auto: a flight without credentials that a proxy takes says nothing of one with them", async () => {
  await withServer({}, async (server, make) => {
    await dialOnce(make({ handshake: "pipelined" }));
    // It wants none, and a flight can offer nothing else.
    await dialOnce(make({ credentials: login }));
    await dialOnce(make({ credentials: login }));
    assert.equal(server.connections, 4);
    await dialOnce(make());
    const pipelined = server.requests.map(({ pipelined }) => pipelined);
    assert.deepEqual(pipelined, [true, false, false, true]);
  });
});

test("auto: a proxy has a few of its own round trips for its answer, at least 100 ms, at most stallMs", async () => {
  for (
    const [loginAfterMs, connectMs, stallMs, connections] of [
      [50, 0, 1_000, 1],
      [250, 0, 1_000, 2],
      [250, 150, 1_000, 1],
      [250, 150, 120, 2],
    ] as const
  ) {
    await withServer({ login, loginAfterMs }, async (server, make) => {
      const seen = echo.seen;
      await dialOnce(make({ stallMs, via: slowWay(connectMs) }));
      const what = `${loginAfterMs} ms for the login, ${connectMs} ms for connecting`;
      assert.equal(server.connections, connections, what);
      // A proxy that was slower may go on with the request although its client has gone.
      if (connections === 1) assert.equal(echo.seen - seen, 1, what);
    });
  }
});

test("auto: a dial of 900 ms through a proxy that drops what follows the greeting succeeds", async () => {
  await withServer({ login, dropsTheRest: true }, async (_, make) => {
    await dialOnce(make({ stallMs: 1_000, timeoutMs: 900 }));
  });
});

test("auto: of many dials at once one finds out, and none of the others waits for it", async () => {
  await withServer({ login, dropsTheRest: true }, async (server, make) => {
    const dialer = make({ stallMs: 1_000 });
    const handshakes = async () => {
      let count = 0;
      const onEvent = ({ type }: DialEvent) => void (count += type === "handshake-start" ? 1 : 0);
      (await dialer.dialContext("tcp", echo.address, { onEvent })).close();
      return count;
    };
    const counts = await Promise.all(Array.from({ length: 50 }, handshakes));
    assert.equal(server.connections, 51);
    assert.deepEqual(counts.sort(), [...new Array(49).fill(1), 2]);
  });
});

test("auto: a proxy that hangs up on a flight, or finds no method in it, is asked again step by step", async () => {
  // It takes whatever one recv gives for the greeting, and wants no byte more.
  for (const answer of [[], [5, 0xff], [5, 1]]) {
    await withServer({ login, hatesFlights: answer }, async (server, make) => {
      await dialOnce(make());
      await dialOnce(make());
      assert.equal(server.connections, 3, "what was learned holds");
    });
  }
});

test("auto: a target that is slow is no reason to ask again, and says nothing of the proxy", async () => {
  await withServer({ login, replyAfterMs: 300 }, async (server, make) => {
    const seen = echo.seen;
    for (let dial = 0; dial < 2; dial++) await dialOnce(make());
    assert.deepEqual([server.connections, echo.seen - seen], [2, 2]);
    assert.deepEqual(server.requests.map(({ pipelined }) => pipelined), [true, true]);
  });
});

test("auto: while a first dial waits for its target, others try one flight as well", async () => {
  const options: FakeSocks5Options = { login, replyAfterMs: 400 };
  await withServer(options, async (server, make) => {
    const first = dialOnce(make());
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    // Its answer to the credentials is on the way.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await Promise.all([first, dialOnce(make())]);
    assert.deepEqual(server.requests.map(({ pipelined }) => pipelined), [true, true]);
  });
});

test("auto: three trials that end before any answer to the request are enough", async () => {
  await withServer({ login, stallsAfter: "request" }, async (server, make) => {
    const dialer = make({ stallMs: 200, timeoutMs: 100 });
    for (let dial = 0; dial < 4; dial++) await failureOf(dialer, echo.address);
    const pipelined = server.requests.map(({ pipelined }) => pipelined);
    assert.deepEqual(pipelined, [true, true, true, false]);
  });
});

test("auto: a proxy that is slow to answer credentials either way is asked again at most thrice", async () => {
  await withServer({ login, loginAfterMs: 150 }, async (server, make) => {
    for (let dial = 0; dial < 4; dial++) await dialOnce(make());
    // Each of the first three dials is repeated, and the last one is step by step at once.
    assert.equal(server.connections, 7);
  });
});

test("auto: a proxy known to take one flight may wait for a slow target as long as it likes", async () => {
  const options: FakeSocks5Options = { login };
  await withServer(options, async (server, make) => {
    await dialOnce(make());
    options.replyAfterMs = 150;
    await dialOnce(make());
    assert.equal(server.connections, 2);
  });
});

test("auto: a proxy that no longer takes one flight is found out again", async () => {
  const options: FakeSocks5Options = {};
  await withServer(options, async (server, make) => {
    await dialOnce(make({ handshake: "pipelined" }));
    options.dropsTheRest = true;
    // Without credentials nothing tells it from a slow target, so the dial has its limit only.
    assert.equal((await failureOf(make({ timeoutMs: 150 }), echo.address)).code, "ETIMEDOUT");
    await dialOnce(make());
    assert.equal(server.requests.at(-1)!.pipelined, false);
  });
  const withLogin: FakeSocks5Options = { login };
  await withServer(withLogin, async (_, make) => {
    await dialOnce(make());
    withLogin.dropsTheRest = true;
    await dialOnce(make());
  });
});

test("auto: an abort soon after the request says nothing of a proxy that is known", async () => {
  const options: FakeSocks5Options = {};
  await withServer(options, async (server, make) => {
    await dialOnce(make({ handshake: "pipelined" }));
    options.replyAfterMs = 500;
    const dialer = make({ stallMs: 10_000 });
    const signal = AbortSignal.timeout(30);
    await assert.rejects(dialer.dialContext("tcp", echo.address, { signal }));
    delete options.replyAfterMs;
    await dialOnce(dialer);
    assert.equal(server.requests.at(-1)!.pipelined, true);
  });
});

for (const limit of ["the signal's", "the dialer's own"]) {
  test(`auto: a proxy that drops what follows the greeting is found out by a dial too short for the bound, ${limit} limit`, async () => {
    await withServer({ login, dropsTheRest: true }, async (server, make) => {
      const own = limit === "the dialer's own";
      // The bound is four times as long as this takes.
      const dialer = make({ stallMs: 1_000, via: slowWay(150), ...(own && { timeoutMs: 500 }) });
      const dial = () => {
        const signal = own ? {} : { signal: AbortSignal.timeout(500) };
        return dialer.dialContext("tcp", echo.address, signal);
      };
      await assert.rejects(dial());
      const conn = await dial();
      await assertEchoes(conn);
      conn.close();
      assert.equal(server.connections, 2);
    });
  });
}

test("auto: a dial whose limit ends the repetition tells the next one to go step by step", async () => {
  await withServer({ login, dropsTheRest: true, replyAfterMs: 250 }, async (server, make) => {
    const dialer = make({ stallMs: 200, timeoutMs: 300 });
    await assert.rejects(dialer.dialContext("tcp", echo.address));
    await dialOnce(dialer);
    assert.equal(server.connections, 3);
  });
});

test("auto: a dial that is given up at once tells nothing of its proxy", async () => {
  await withServer({ login, replyAfterMs: 50 }, async (server, make) => {
    const dialer = make({ stallMs: 1_000 });
    const signal = AbortSignal.timeout(20);
    await assert.rejects(dialer.dialContext("tcp", echo.address, { signal }));
    await dialOnce(dialer);
    assert.equal(server.requests.at(-1)!.pipelined, true);
  });
});

test("auto: a flight that is refused for good is no reason to repeat it", async () => {
  await withServer({ login, reply: 5 }, async (server, make) => {
    assert.equal((await failureOf(make(), echo.address)).code, "ERR_PROXY_TARGET_REFUSED");
    const wrong = make({ credentials: { ...login, password: "x" } });
    assert.equal((await failureOf(wrong, echo.address)).code, "ERR_PROXY_AUTH_FAILED");
    assert.equal(server.connections, 2);
  });
});

test("auto: a proxy that hangs up on a target is asked for it again, and what is known of it holds", async () => {
  await withServer({ login, hangsUpOn: "down.example" }, async (server, make) => {
    await dialOnce(make());
    const error = await failureOf(make(), "down.example:1");
    assert.deepEqual([error.code, error.blame], ["ERR_PROXY_CLOSED", undefined]);
    assert.equal(server.connections, 3);
    // If it were on trial again, one of these would not be in one flight.
    await Promise.all([dialOnce(make()), dialOnce(make())]);
    const pipelined = server.requests.map(({ pipelined }) => pipelined);
    assert.deepEqual(pipelined, [true, true, false, true, true]);
  });
});

test("auto: an abort while the handshake is repeated ends it with the reason", async () => {
  await withServer({ login, dropsTheRest: true, stallsAfter: "request" }, async (server, make) => {
    const controller = new AbortController();
    let handshakes = 0;
    const dial = make().dialContext("tcp", echo.address, {
      signal: controller.signal,
      onEvent({ type }) {
        if (type === "handshake-start" && ++handshakes === 2) controller.abort("enough");
      },
    });
    assert.equal(await dial.catch((reason) => reason), "enough");
    await server.idle();
    assert.equal(server.connections, 2);
  });
});

test("auto: the repetition is a step of the same dial, and within its limit", async () => {
  await withServer({ login, dropsTheRest: true, stallsAfter: "request" }, async (_, make) => {
    const error = await failureOf(make({ timeoutMs: 200 }), echo.address);
    assert.equal(error.code, "ETIMEDOUT");
    const steps = error.report.children.map(({ kind, outcome }) => `${kind} ${outcome}`);
    assert.deepEqual(steps, ["dial ok", "handshake failed", "dial ok", "handshake failed"]);
    assert.match(error.report.children[1]!.error!.message, /no answer for 60 ms/);
  });
});

test("pipelined: fails where the proxy does not take it, sequential: never tries", async () => {
  await withServer({ dropsTheRest: true }, async (server, make) => {
    const pipelined = make({ handshake: "pipelined", timeoutMs: 100 });
    assert.equal((await failureOf(pipelined, echo.address)).code, "ETIMEDOUT");
    await dialOnce(make({ handshake: "sequential" }));
    assert.equal(server.connections, 2);
  });
});

test("what is learned is kept for each way to a proxy, and for so many proxies at most", () => {
  const via = systemDialer();
  const cache = PipeliningCache.of(via);
  assert.equal(PipeliningCache.of(via), cache);
  assert.notEqual(PipeliningCache.of(systemDialer()), cache);
  const keyOf = (proxy: number) => ({ server: `tcp proxy${proxy}:1080`, withCredentials: true });
  for (let proxy = 0; proxy < 3 * MAX_CACHED_PROXIES; proxy++) {
    const key = keyOf(proxy);
    assert.equal(cache.choose(key), "trial");
    assert.equal(cache.choose(key), "sequential", "one trial at a time");
    cache.learn(key, "pipelined");
    assert.equal(cache.choose(key), "pipelined");
    assert.equal(cache.isPipelined({ ...key, withCredentials: false }), true);
  }
  assert.equal(cache.size, MAX_CACHED_PROXIES);
  assert.equal(cache.choose(keyOf(0)), "trial", "the oldest are forgotten");
});

test("the round trip is that of the last step to a proxy, without lookups and what came before", () => {
  const step = (kind: string, durationMs: number, children: DialReport[] = [], lost = false) => {
    const outcome = lost ? "lost" : "ok";
    return { kind, label: "", startMs: 0, durationMs, outcome, children } as const;
  };
  const direct = step("dial", 90, [
    step("lookup", 50),
    step("attempt", 20),
    step("attempt", 15, [], true),
  ]);
  assert.equal(roundTripMs(direct), 20);
  assert.equal(roundTripMs(step("dial", 200, [direct, step("handshake", 60)])), 60);
  assert.equal(roundTripMs(step("dial", 70)), 70);
  assert.equal(roundTripMs(step("dial", 70, [step("lookup", 50)])), 70);
});
