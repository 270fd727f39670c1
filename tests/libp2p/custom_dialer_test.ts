import assert from "node:assert/strict";
import { test } from "node:test";
import { multiaddr } from "@multiformats/multiaddr";
import {
  type ContextDialer,
  type DialerForAddr,
  type DialOptions,
  isDialError,
  systemDialer,
} from "../../mod.ts";
import { dialReportOf, tcp, type TcpOptions } from "../../src/libp2p/mod.ts";
import { maOf, peers, TransportTrial, withPeer } from "./nodes/transport_trial.ts";
import { dialerOf } from "../fakes/dialer_of.ts";

interface Dialed {
  network: string;
  address: string;
  remoteMultiaddr: string;
}

/** A dialer that notes what it is asked for, and dials nothing. */
function notingDialer(error: unknown = new Error("not dialed")): [ContextDialer, Dialed[]] {
  const dialed: Dialed[] = [];
  const dialer = dialerOf((network, address, options?: DialOptions) => {
    dialed.push({ network, address, remoteMultiaddr: String(options?.remoteMultiaddr) });
    return Promise.reject(error);
  });
  return [dialer, dialed];
}

/** A dialer that never answers. */
const never = dialerOf(() => new Promise(() => {}));

for (const option of ["dialer", "customTCPDialer"] as const) {
  test(`a function as ${option} is asked once a dial with the multiaddr, and its dialer dials`, async () => {
    const asked: string[] = [];
    const choose: DialerForAddr = (ma) => {
      asked.push(ma.toString());
      return systemDialer();
    };
    await withPeer(async (trial, peer, ma) => {
      const connection = await trial.dial(ma);
      assert.equal(connection.remoteAddr.toString(), ma);
      assert.deepEqual(asked, [ma]);
      assert.equal(peer.seen, 1);
    }, { [option]: choose });
  });

  test(`a function as ${option} may answer later, and differently for each address`, async () => {
    const [noted, dialed] = notingDialer();
    const choose: DialerForAddr = async (ma) => {
      await Promise.resolve();
      return ma.toString().startsWith("/ip4/127.") ? systemDialer() : noted;
    };
    await withPeer(async (trial, peer, ma) => {
      await trial.dial(ma);
      await trial.failure("/ip4/192.0.2.1/tcp/4001");
      assert.deepEqual(dialed.map(({ address }) => address), ["192.0.2.1:4001"]);
      assert.equal(peer.seen, 1);
    }, { [option]: choose });
  });
}

const bad: [what: string, factory: () => unknown, message: RegExp][] = [
  ["throws", () => assert.fail("factory trouble"), /factory trouble/],
  ["rejects", () => Promise.reject(new Error("factory trouble")), /factory trouble/],
  ["answers nothing", () => undefined, /answered nothing that can dial/],
  ["answers null later", () => Promise.resolve(null), /answered nothing that can dial/],
  ["answers something else", () => ({ dial: true }), /answered nothing that can dial/],
];
for (const [what, factory, message] of bad) {
  for (const option of ["dialer", "customTCPDialer"] as const) {
    test(`a ${option} that ${what} fails the dial, and nobody else dials`, async () => {
      await withPeer(async (trial, peer, ma) => {
        const error = await trial.failure(ma);
        assert.ok(isDialError(error));
        assert.equal(error.code, "ERR_DIAL_NO_DIALER");
        assert.equal(error.phase, "route");
        assert.match(error.message, message);
        assert.equal(peer.seen, 0);
      }, { [option]: factory });
    });
  }
}

for (const network of ["tcp", "tcp6", "unix"] as const) {
  for (const option of ["dialer", "customTCPDialer"] as const) {
    test(`over ${network} a ${option} that fails fails the dial, and nobody else dials`, async () => {
      const cause = Object.assign(new Error("no way"), { code: "EHOSTUNREACH" });
      const [dialer, dialed] = notingDialer(cause);
      await withPeer(
        async (trial, peer, ma) => {
          const error = await trial.failure(ma);
          assert.ok(isDialError(error));
          assert.equal(error.code, "EHOSTUNREACH");
          assert.equal(error.cause, cause);
          assert.equal(dialed.length, 1);
          assert.equal(peer.seen, 0);
        },
        option === "dialer" ? { dialer } : { customTCPDialer: () => dialer },
        network,
      );
    });
  }
}

test("a dialer that answers something else than a connection fails the dial, also when it is late", async () => {
  for (const answer of [undefined, null, 5, {}]) {
    const answered = Promise.withResolvers<never>();
    const dialer = dialerOf(() => answered.promise);
    answered.resolve(answer as never);
    const error = await new TransportTrial({ dialer }).failure("/ip4/192.0.2.1/tcp/4001");
    assert.ok(isDialError(error));
    assert.equal(error.code, "ERR_DIAL_FAILED");
    assert.match(error.message, /192\.0\.2\.1:4001: the dialer answered no connection$/);

    const late = Promise.withResolvers<never>();
    const slow = { dialer: dialerOf(() => late.promise), connectTimeoutMs: 20 };
    const limit = await new TransportTrial(slow).failure("/ip4/192.0.2.1/tcp/4001");
    assert.equal((limit as { code?: string }).code, "ETIMEDOUT");
    late.resolve(answer as never);
    // What nobody catches would fail the test.
    await new Promise((resolve) => setTimeout(resolve));
  }
});

test("a dialer gets names as names, with the family as its network", async () => {
  const [dialer, dialed] = notingDialer();
  const trial = new TransportTrial({ dialer });
  const mas = [
    "/dns/peer.example/tcp/1",
    "/dns4/peer.example/tcp/2",
    "/dns6/peer.example/tcp/3",
    "/ip4/192.0.2.1/tcp/4",
    "/ip6zone/eth0/ip6/fe80::1/tcp/5",
  ];
  for (const ma of mas) await trial.failure(ma);
  assert.deepEqual(dialed.map(({ network, address }) => `${network} ${address}`), [
    "tcp peer.example:1",
    "tcp4 peer.example:2",
    "tcp6 peer.example:3",
    "tcp4 192.0.2.1:4",
    "tcp6 [fe80::1%eth0]:5",
  ]);
  assert.deepEqual(dialed.map(({ remoteMultiaddr }) => remoteMultiaddr), mas);
});

const onion = `/onion3/${"a".repeat(56)}:4001`;
const peerId = "/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC";

test("/onion3 reaches a dialer of the caller's as a name, with or without a peer id", async () => {
  const [dialer, dialed] = notingDialer();
  for (const options of [{ dialer }, { customTCPDialer: () => dialer }]) {
    const trial = new TransportTrial(options);
    for (const ma of [onion, onion + peerId]) {
      await trial.failure(ma);
      const expected = { network: "tcp", address: `${"a".repeat(56)}.onion:4001` };
      assert.deepEqual(dialed.pop(), { ...expected, remoteMultiaddr: ma });
    }
  }
});

test("customTCPDialer is asked with the /onion3 itself", async () => {
  const asked: string[] = [];
  const customTCPDialer =
    ((ma: unknown) => void asked.push(String(ma))) as unknown as DialerForAddr;
  await new TransportTrial({ customTCPDialer }).failure(onion);
  assert.deepEqual(asked, [onion]);
});

test("/onion3 is for dialers of the caller's alone", async () => {
  const plain = new TransportTrial();
  const custom = new TransportTrial({ dialer: systemDialer() });
  const mas = [onion, onion + peerId, `${onion}/ws`, "/ip4/127.0.0.1/tcp/1"].map((ma) =>
    multiaddr(ma)
  );
  assert.deepEqual(plain.transport.dialFilter(mas).map(String), ["/ip4/127.0.0.1/tcp/1"]);
  assert.deepEqual(custom.transport.dialFilter(mas).map(String), [
    onion,
    onion + peerId,
    "/ip4/127.0.0.1/tcp/1",
  ]);
  assert.deepEqual(custom.transport.listenFilter(mas).map(String), ["/ip4/127.0.0.1/tcp/1"]);
  const error = await plain.failure(onion) as { code?: string };
  assert.equal(error.code, "ERR_DIAL_MULTIADDR");
});

test("a dnsaddr is refused with a dialer of the caller's, unless its lookups are injected too", async () => {
  const [dialer, dialed] = notingDialer();
  const error = await new TransportTrial({ dialer }).failure("/dnsaddr/peer.example");
  assert.ok(isDialError(error));
  assert.equal(error.code, "ERR_DIAL_MULTIADDR");
  assert.match(error.message, /txtResolver/);
  assert.equal(dialed.length, 0);

  const asked: string[] = [];
  const txtResolver = {
    resolveTxt(name: string) {
      asked.push(name);
      return Promise.resolve([["dnsaddr=/ip4/192.0.2.7/tcp/7"]]);
    },
  };
  await new TransportTrial({ dialer, txtResolver }).failure("/dnsaddr/peer.example");
  assert.deepEqual(asked, ["_dnsaddr.peer.example"]);
  assert.deepEqual(dialed.map(({ address }) => address), ["192.0.2.7:7"]);
});

test("customTCPDialer is asked about each address of a dnsaddr, without those that cannot be dialed", async () => {
  const [dialer, dialed] = notingDialer();
  const asked: string[] = [];
  const customTCPDialer: DialerForAddr = (ma) => (asked.push(String(ma)), dialer);
  const found = ["/ip4/192.0.2.7/tcp/7", onion, "/dns6/peer.example/tcp/8"];
  const txtResolver = { resolveTxt: () => Promise.resolve(found.map((ma) => [`dnsaddr=${ma}`])) };
  await new TransportTrial({ customTCPDialer, txtResolver }).failure("/dnsaddr/peer.example");
  assert.deepEqual(asked, [found[0], found[2]]);
  assert.deepEqual(dialed.map(({ remoteMultiaddr }) => remoteMultiaddr), asked);
});

test("a dnsaddr is a transport's to dial where it has who looks it up", () => {
  const txtResolver = { resolveTxt: () => Promise.resolve([]) };
  const own = ["", peerId, "/tcp/1", `/tcp/1${peerId}`];
  const ofOthers = [`${peerId}/p2p-circuit${peerId}`, `${peerId}/p2p-circuit`, "/tcp/1/ws"];
  const mas = [...own, ...ofOthers].map((rest) => multiaddr(`/dnsaddr/peer.example${rest}`));
  const taken = (options: TcpOptions) => new TransportTrial(options).transport.dialFilter(mas);
  assert.deepEqual(taken({ txtResolver }), mas.slice(0, 4));
  assert.deepEqual(taken({}), mas.slice(2, 4));
});

test("connectTimeoutMs covers the choice of the dialer and the dialer itself", async () => {
  const silence = () => new Promise<never>(() => {});
  const choosing = new TransportTrial({ customTCPDialer: silence, connectTimeoutMs: 50 });
  const error = await choosing.failure("/ip4/192.0.2.1/tcp/4001");
  assert.ok(isDialError(error));
  assert.deepEqual([error.code, error.phase], ["ETIMEDOUT", "route"]);
  assert.match(error.message, /192\.0\.2\.1:4001: timed out after 50 ms waiting for the function/);

  const dialing = new TransportTrial({ dialer: never, connectTimeoutMs: 50 });
  const late = await dialing.failure("/ip4/192.0.2.1/tcp/4001");
  assert.ok(isDialError(late));
  assert.deepEqual([late.code, late.phase], ["ETIMEDOUT", "connect"]);
  assert.deepEqual(dialing.counters.libp2p_tcp_dialer_events_total, { timeout: 1, error: 1 });
});

test("a dial that nobody limits ends after 5 s, whoever dials", async () => {
  const silent = await peers.silent();
  const dials = [{}, { dialer: never }].map((options) =>
    new TransportTrial(options).failure(maOf(silent.address))
  );
  for (const error of await Promise.all(dials)) {
    assert.ok(isDialError(error));
    assert.match(error.message, /timed out after 5000 ms/);
  }
  await silent.close();
});

/** Notes the timers of this process: the milliseconds of those that wait, and of all. */
async function withTimers(
  run: (timers: { waiting(): number[]; all: number[] }) => Promise<void>,
): Promise<void> {
  const { setTimeout, clearTimeout } = globalThis;
  const waiting = new Map<unknown, number>();
  const all: number[] = [];
  globalThis.setTimeout = ((callback: () => void, ms = 0) => {
    const timer = setTimeout(() => {
      waiting.delete(timer);
      callback();
    }, ms);
    waiting.set(timer, ms);
    all.push(ms);
    return timer;
  }) as typeof setTimeout;
  globalThis.clearTimeout = ((timer: never) => {
    waiting.delete(timer);
    clearTimeout(timer);
  }) as typeof clearTimeout;
  try {
    await run({ waiting: () => [...waiting.values()], all });
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout });
  }
}

for (const connectTimeoutMs of [undefined, 0, 7_777]) {
  test(`connectTimeoutMs ${connectTimeoutMs} is the one limit of a dial, whoever dials, and goes with it`, async () => {
    const silent = await peers.silent();
    const limit = connectTimeoutMs === undefined ? {} : { connectTimeoutMs };
    for (const who of [{}, { dialer: never }]) {
      await withTimers(async ({ waiting, all }) => {
        const trial = new TransportTrial({ ...limit, ...who });
        const controller = new AbortController();
        // The runtime's adapter may have to be loaded first.
        const begun = Promise.withResolvers<void>();
        const failure = trial.failure(maOf(silent.address), {
          signal: controller.signal,
          onProgress: ({ type }) => type === "tcp:attempt-start" && begun.resolve(),
        });
        await ("dialer" in who ? new Promise((resolve) => setImmediate(resolve)) : begun.promise);
        assert.deepEqual(waiting(), connectTimeoutMs === 0 ? [] : [connectTimeoutMs ?? 5_000]);
        controller.abort(new Error("enough"));
        await failure;
        assert.deepEqual(waiting(), []);
        assert.equal(all.length, connectTimeoutMs === 0 ? 0 : 1);
      });
    }
    await silent.close();
  });
}

test("a dial that went well leaves no limit behind, whoever dials", async () => {
  for (const who of [{}, { dialer: systemDialer() }]) {
    await withPeer(async (trial, _peer, ma) => {
      await withTimers(async ({ waiting, all }) => {
        await trial.dial(ma);
        assert.deepEqual(all, [5_000]);
        assert.deepEqual(waiting(), []);
      });
    }, who);
  }
});

/** A dialer whose connections note a call instead of making it, or fail at it. */
function withCall(name: "setNoDelay" | "setKeepAlive", call: (value?: boolean) => void) {
  return dialerOf(async (...args) => {
    const conn = await systemDialer().dialContext(...args);
    return new Proxy(conn, {
      get(target, key) {
        const value = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        return key === name ? (given?: boolean) => call(given) : value.bind(target);
      },
    });
  });
}

test("what one dial says of its socket reaches the connection of the caller's dialer", async () => {
  for (const name of ["noDelay", "keepAlive"] as const) {
    const set: unknown[] = [];
    const dialer = withCall(
      name === "noDelay" ? "setNoDelay" : "setKeepAlive",
      (value) => set.push(value),
    );
    await withPeer(async (trial, _peer, ma) => {
      await trial.dial(ma);
      assert.deepEqual(set, []);
      for (const value of [true, false]) await trial.dial(ma, { [name]: value });
      assert.deepEqual(set, [true, false]);
    }, { dialer });
  }
});

test("a connection that cannot be set as one dial says is closed, and the dial fails", async () => {
  const trouble = new Error("no such option");
  await withPeer(async (trial, peer, ma) => {
    assert.equal(await trial.failure(ma, { noDelay: false }), trouble);
    const conn = await peer.accept();
    assert.equal(await conn.read(new Uint8Array(1)), null);
  }, {
    dialer: withCall("setNoDelay", () => {
      throw trouble;
    }),
  });
});

test("a connection of somebody else's making, without a report, is taken too", async () => {
  await withPeer(async (trial, peer, ma) => {
    const connection = await trial.dial(ma);
    assert.equal(peer.seen, 1);
    assert.deepEqual(dialReportOf(connection)!.hops, []);
    assert.equal(dialReportOf(connection)!.outcome, "ok");
  }, {
    dialer: dialerOf(async (...args) =>
      without(["report", "hops"], await systemDialer().dialContext(...args))
    ),
  });
});

test("abort() closes a connection of somebody else's making that cannot be reset", async () => {
  await withPeer(async (trial, peer, ma) => {
    const [connection, conn] = await Promise.all([trial.dial(ma), peer.accept()]);
    connection.abort(new Error("enough"));
    assert.equal(await conn.read(new Uint8Array(1)), null);
  }, {
    dialer: dialerOf(async (...args) =>
      without(["reset"], await systemDialer().dialContext(...args))
    ),
  });
});

function without<T extends object>(keys: readonly string[], conn: T): T {
  return new Proxy(conn, {
    get(target, key) {
      if (keys.includes(String(key))) return undefined;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

test("of dialer and customTCPDialer one may be undefined where the other is given", async () => {
  const [dialer, dialed] = notingDialer();
  for (
    const options of [{ dialer, customTCPDialer: undefined }, {
      dialer: undefined,
      customTCPDialer: () => dialer,
    }, { dialer: () => dialer, customTCPDialer: undefined }]
  ) {
    await new TransportTrial(options as TcpOptions).failure("/ip4/192.0.2.1/tcp/4001");
  }
  assert.equal(dialed.length, 3);
});

const misuses: [what: string, options: unknown, error: typeof TypeError, message: RegExp][] = [
  [
    "dialer with customTCPDialer",
    { dialer: systemDialer(), customTCPDialer: () => systemDialer() },
    TypeError,
    /dialer and customTCPDialer/,
  ],
  [
    "dialOpts with dialer",
    { dialer: systemDialer(), dialOpts: {} },
    TypeError,
    /dialOpts and dialer/,
  ],
  [
    "dialOpts with customTCPDialer",
    { customTCPDialer: () => systemDialer(), dialOpts: {} },
    TypeError,
    /dialOpts and customTCPDialer/,
  ],
  ["dialOpts that are none", { dialOpts: "noDelay" }, TypeError, /dialOpts.*a string/],
  ["dialOpts of another kind", { dialOpts: { noDelay: 1 } }, TypeError, /noDelay.*1/],
  ["a dialer that cannot dial", { dialer: {} }, TypeError, /dialContext/],
  [
    "a customTCPDialer that is no function",
    { customTCPDialer: systemDialer() },
    TypeError,
    /function/,
  ],
  ["a txtResolver that resolves nothing", { txtResolver: {} }, TypeError, /resolveTxt.*an object/],
  [
    "a dialer in the options' place",
    systemDialer(),
    TypeError,
    /^The options of tcp must be an object, not a dialer$/,
  ],
  ["a function in the options' place", () => systemDialer(), TypeError, /not a function/],
  ["a URL in the options' place", "socks5://u:hush@proxy.example", TypeError, /not a string$/],
  ["no options", null, TypeError, /not null/],
  [
    "a dialer that is a URL",
    { dialer: "socks5://u:hush@proxy.example" },
    TypeError,
    /not a string$/,
  ],
  [
    "two functions",
    { dialer: () => systemDialer(), customTCPDialer: () => systemDialer() },
    TypeError,
    /exclude each other/,
  ],
  [
    "dialOpts with a function as dialer",
    { dialer: () => systemDialer(), dialOpts: {} },
    TypeError,
    /dialOpts and dialer/,
  ],
  ["a dialer that is null", { dialer: null }, TypeError, /dialContext.*null/],
  ["a dialer that is undefined", { dialer: undefined }, TypeError, /dialer is undefined/],
  ["a function that is undefined", { customTCPDialer: undefined }, TypeError, /customTCPDialer is/],
  [
    "a misspelled option",
    { customTcpDialer: () => systemDialer() },
    TypeError,
    /^Unknown option "customTcpDialer" of tcp: did you mean "customTCPDialer"\?$/,
  ],
  ["an option there is not", { proxy: "socks5://proxy.example" }, TypeError, /"proxy"/],
  ["an option of others", { via: systemDialer() }, TypeError, /^Unknown option "via" of tcp$/],
  ["another one", { dialler: systemDialer() }, TypeError, /"dialler" of tcp: .* "dialer"\?$/],
  ["an option within", { listenOpts: { nodelay: true } }, TypeError, /"noDelay"\?$/],
  ["less than a millisecond", { connectTimeoutMs: 0.5 }, RangeError, /connectTimeoutMs.*0\.5/],
  [
    "a negative idle time",
    { dialOpts: { keepAliveInitialDelay: -1 } },
    RangeError,
    /^keepAliveInitialDelay.*-1/,
  ],
  ["a time that is none", { connectTimeoutMs: "5s" }, TypeError, /connectTimeoutMs.*a string$/],
  ["a negative time", { connectTimeoutMs: -1 }, RangeError, /connectTimeoutMs.*-1/],
  [
    "an endless inactivity",
    { outboundSocketInactivityTimeout: Infinity },
    RangeError,
    /outboundSocketInactivityTimeout.*Infinity/,
  ],
];
test("what cannot be is refused when the transport is made", () => {
  for (const [what, options, kind, message] of misuses) {
    assert.throws(() => tcp(options as TcpOptions), (error: Error) => {
      assert.equal(error.constructor, kind, what);
      assert.match(error.message, message);
      return true;
    });
  }
});
