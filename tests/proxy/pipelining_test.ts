import assert from "node:assert/strict";
import { after, test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import type { ContextDialer } from "../../src/core/dialer.ts";
import { MAX_VERDICTS, PipeliningVerdicts } from "../../src/proxy/pipelining_verdicts.ts";
import { socks5Dialer, type Socks5DialerOptions } from "../../src/proxy/mod.ts";
import { assertEchoes, failureOf } from "./dial_outcome.ts";
import { FakeSocks5, type FakeSocks5Options } from "./fakes/fake_socks5.ts";
import { startEcho } from "./fakes/target.ts";

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

async function dialOnce(dialer: ContextDialer): Promise<void> {
  const conn = await dialer.dialContext("tcp", echo.address);
  await assertEchoes(conn);
  conn.close();
}

for (const options of [{}, { login }]) {
  const what = options.login ? "with credentials" : "without credentials";

  test(`auto, ${what}: a proxy that takes one flight gets one from the first dial on`, async () => {
    await withServer(options, async (server, make) => {
      for (let dial = 0; dial < 3; dial++) await dialOnce(make());
      assert.deepEqual(server.requests.map(({ pipelined }) => pipelined), [true, true, true]);
      assert.equal(server.connections, 3);
    });
  });

  test(`auto, ${what}: a proxy that drops what follows the greeting costs one connection more, once`, async () => {
    await withServer({ ...options, dropsTheRest: true }, async (server, make) => {
      const begin = performance.now();
      await dialOnce(make());
      assert.ok(performance.now() - begin >= 50, "the stated bound was waited for");
      assert.equal(server.connections, 2);
      for (let dial = 0; dial < 3; dial++) await dialOnce(make());
      assert.deepEqual(server.requests.map(({ pipelined }) => pipelined), new Array(4).fill(false));
      assert.equal(server.connections, 5);
    });
  });
}

test("auto: of many dials at once one finds out, and none of the others waits for it", async () => {
  await withServer({ dropsTheRest: true }, async (server, make) => {
    const dialer = make({ stallMs: 1_000 });
    const begin = performance.now();
    const all = Array.from(
      { length: 50 },
      () => dialOnce(dialer).then(() => performance.now() - begin),
    );
    const times = await Promise.all(all);
    assert.equal(server.connections, 51);
    assert.equal(times.filter((ms) => ms >= 1_000).length, 1);
  });
});

test("auto: a proxy that hangs up on a flight, or finds no method in it, is asked again step by step", async () => {
  // It takes whatever one recv gives for the greeting, and wants no byte more.
  for (const answer of [[], [5, 0xff], [5, 1]]) {
    await withServer({ hatesFlights: answer }, async (server, make) => {
      await dialOnce(make());
      await dialOnce(make());
      assert.equal(server.connections, 3, "what was learned holds");
    });
  }
});

test("auto: a target that is slow makes no proxy a bad one, and is asked again at most thrice", async () => {
  await withServer({ replyAfterMs: 150 }, async (server, make) => {
    for (let dial = 0; dial < 4; dial++) await dialOnce(make());
    // Each of the first three dials is repeated, and the last one is step by step at once.
    assert.equal(server.connections, 7);
    const pipelined = server.requests.map(({ pipelined }) => pipelined);
    assert.deepEqual(pipelined, [true, false, true, false, true, false, false]);
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
    await dialOnce(make());
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

for (const limit of ["the signal's", "the dialer's own"]) {
  test(`auto: a proxy that drops what follows the greeting is found out by a dial too short for the bound, ${limit} limit`, async () => {
    await withServer({ dropsTheRest: true }, async (server, make) => {
      const own = limit === "the dialer's own";
      const dialer = make({ stallMs: 1_000, ...(own && { timeoutMs: 400 }) });
      const dial = () => {
        const signal = own ? {} : { signal: AbortSignal.timeout(400) };
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
  await withServer({ dropsTheRest: true, replyAfterMs: 150 }, async (server, make) => {
    const dialer = make({ stallMs: 200, timeoutMs: 300 });
    await assert.rejects(dialer.dialContext("tcp", echo.address));
    await dialOnce(dialer);
    assert.equal(server.connections, 3);
  });
});

test("auto: a dial that is given up at once tells nothing of its proxy", async () => {
  await withServer({ replyAfterMs: 50 }, async (server, make) => {
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
  await withServer({ hangsUpOn: "down.example" }, async (server, make) => {
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
  await withServer({ dropsTheRest: true, stallsAfter: "request" }, async (server, make) => {
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
  await withServer({ dropsTheRest: true, stallsAfter: "request" }, async (_, make) => {
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
  const verdicts = PipeliningVerdicts.of(via);
  assert.equal(PipeliningVerdicts.of(via), verdicts);
  assert.notEqual(PipeliningVerdicts.of(systemDialer()), verdicts);
  for (let proxy = 0; proxy < 3 * MAX_VERDICTS; proxy++) {
    const key = `tcp proxy${proxy}:1080`;
    assert.equal(verdicts.choose(key), "trial");
    assert.equal(verdicts.choose(key), "sequential", "one trial at a time");
    verdicts.learn(key, "pipelined");
    assert.equal(verdicts.choose(key), "pipelined");
  }
  assert.equal(verdicts.size, MAX_VERDICTS);
  assert.equal(verdicts.choose("tcp proxy0:1080"), "trial", "the oldest are forgotten");
});
