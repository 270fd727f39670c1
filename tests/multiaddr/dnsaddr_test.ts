import assert from "node:assert/strict";
import { test } from "node:test";
import { startMultiaddrDial } from "../../src/multiaddr/dial_multiaddr.ts";
import { type Conn, DialError, type DialEvent, type DialReport } from "../../mod.ts";
import {
  dialMultiaddr,
  type DialMultiaddrOptions,
  type TxtResolver,
} from "../../src/multiaddr/mod.ts";
import { reportFromEvents } from "../../src/testing/event_tree.ts";
import { settle, VirtualClock } from "../fakes/virtual_clock.ts";
import { dialerOf } from "../fakes/dialer_of.ts";

const peerA = "12D3KooWSpYwvtSsHyJ3YrHGGJNE7w54Apne9aAyrKJdUQLLSqMd";
const peerB = "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC";
/** `peerB`, as a CID. */
const peerBCid = "bafzbeigvf25ytwc3akrijfecaotc74udrhcxzh2cx3we5qqnw5vgrei4bm";

/** Answers from a table, and counts what it was asked. */
function table(records: Record<string, readonly (string | string[])[]>): TxtResolver & {
  asked: string[];
} {
  const asked: string[] = [];
  return {
    asked,
    resolveTxt(name) {
      asked.push(name);
      const found = records[name];
      if (found !== undefined) return Promise.resolve(found);
      return Promise.reject(Object.assign(new Error("query"), { code: "ENOTFOUND" }));
    },
  };
}

const report: DialReport = {
  kind: "dial",
  label: "inner",
  startMs: 0,
  durationMs: 1,
  outcome: "ok",
  children: [],
};

function fakeConn(address: string): Conn & { isClosed: boolean } {
  const conn = {
    remoteAddr: { transport: "unix", path: address },
    hops: [],
    report,
    isClosed: false,
    read: () => Promise.resolve(null),
    write: (data: Uint8Array) => Promise.resolve(data.byteLength),
    close: () => conn.isClosed = true,
  };
  return conn as unknown as Conn & { isClosed: boolean };
}

interface PendingDial {
  address: string;
  signal: AbortSignal;
  connect(): void;
  fail(code: string): void;
}

/** A dialer whose dials end when the test says so, whatever the signal says. */
function manualDialer(): { dialer: ReturnType<typeof dialerOf>; dials: PendingDial[] } {
  const dials: PendingDial[] = [];
  const dialer = dialerOf((network, address, options) => {
    return new Promise((resolve, reject) => {
      dials.push({
        address: `${network} ${address}`,
        signal: options!.signal!,
        connect: () => resolve(fakeConn(address)),
        fail: (code) => reject(Object.assign(new Error("no"), { code })),
      });
    });
  });
  return { dialer, dials };
}

const refusing = dialerOf((network, address) => {
  const reason = "connection refused";
  const init = {
    code: "ECONNREFUSED",
    phase: "connect",
    network,
    address,
    reason,
    report,
  } as const;
  return Promise.reject(new DialError(init));
});

async function failure(dial: Promise<Conn>): Promise<DialError> {
  const error = await dial.then(() => assert.fail("it connected"), (error) => error);
  assert.ok(error instanceof DialError, String(error));
  return error;
}

function start(
  ma: string,
  txtResolver: TxtResolver,
  options: DialMultiaddrOptions = {},
): { dial: Promise<Conn>; dials: PendingDial[]; clock: VirtualClock } {
  const { dialer, dials } = manualDialer();
  const clock = new VirtualClock();
  const dial = startMultiaddrDial(dialer, ma, { ...options, txtResolver }, { clock });
  dial.catch(() => {});
  return { dial, dials, clock };
}

test("/dnsaddr looks up TXT records at _dnsaddr. and takes those that begin with dnsaddr=", async () => {
  const txt = table({
    "_dnsaddr.peer.example": [
      "v=spf1 -all",
      "dnsaddr=/nonsense/1",
      "dnsaddr",
      ["dnsaddr=/ip4/192.0.2.1/tcp", "/4001"],
      "dnsaddr=/ip4/192.0.2.1/udp/4001/quic-v1",
      `dnsaddr=/unix/%2Frun%2Fpeer.sock/p2p/${peerA}`,
    ],
  });
  const { dial, dials, clock } = start("/dnsaddr/peer.example", txt);
  await clock.pass(250);
  assert.deepEqual(txt.asked, ["_dnsaddr.peer.example"]);
  assert.deepEqual(dials.map(({ address }) => address), [
    "tcp4 192.0.2.1:4001",
    "unix /run/peer.sock",
  ]);
  dials[0]!.connect();
  await dial;
});

test("/dnsaddr looks up a Unicode name as A-labels", async () => {
  const txt = table({ "_dnsaddr.xn--bcher-kva.example": ["dnsaddr=/ip4/192.0.2.1/tcp/4001"] });
  const { dial, dials, clock } = start("/dnsaddr/bücher.example", txt);
  await clock.pass(250);
  assert.deepEqual(txt.asked, ["_dnsaddr.xn--bcher-kva.example"]);
  dials[0]!.connect();
  await dial;
});

test("/dnsaddr takes only addresses that end with what comes after the name", async () => {
  const txt = table({
    "_dnsaddr.peer.example": [
      `dnsaddr=/ip4/192.0.2.1/tcp/1/p2p/${peerA}`,
      `dnsaddr=/ip4/192.0.2.2/tcp/2/p2p/${peerB}`,
      `dnsaddr=/ip4/192.0.2.3/tcp/3/ipfs/${peerBCid}`,
      "dnsaddr=/ip4/192.0.2.4/tcp/4",
    ],
  });
  const dialed: string[] = [];
  const dialer = dialerOf((network, address, options) => {
    dialed.push(String(options?.remoteMultiaddr));
    return refusing.dialContext(network, address);
  });
  await failure(
    dialMultiaddr(dialer, `/dnsaddr/peer.example/p2p/${peerB}`, { txtResolver: txt }),
  );
  assert.deepEqual(dialed, [
    `/ip4/192.0.2.2/tcp/2/p2p/${peerB}`,
    `/ip4/192.0.2.3/tcp/3/p2p/${peerBCid}`,
  ]);
  const none = await failure(
    dialMultiaddr(dialer, "/dnsaddr/peer.example/tcp/9", { txtResolver: txt }),
  );
  assert.equal(none.code, "ENOTFOUND");
  assert.match(none.reason, /none of the 4 addresses at "_dnsaddr\.peer\.example" ends/);
});

test("/dnsaddr follows nested ones, each once, with their own endings", async () => {
  const txt = table({
    "_dnsaddr.peer.example": [
      `dnsaddr=/dnsaddr/a.peer.example/p2p/${peerA}`,
      `dnsaddr=/dnsaddr/b.peer.example/p2p/${peerB}`,
    ],
    "_dnsaddr.a.peer.example": [
      `dnsaddr=/ip4/192.0.2.1/tcp/1/p2p/${peerA}`,
      `dnsaddr=/ip4/192.0.2.1/tcp/9/p2p/${peerB}`,
      `dnsaddr=/dnsaddr/peer.example/p2p/${peerA}`,
    ],
    "_dnsaddr.b.peer.example": [`dnsaddr=/ip4/192.0.2.2/tcp/2/p2p/${peerB}`],
  });
  const error = await failure(
    dialMultiaddr(refusing, "/dnsaddr/peer.example", { txtResolver: txt }),
  );
  assert.deepEqual(error.errors!.map(({ address }) => address), ["192.0.2.1:1", "192.0.2.2:2"]);
  assert.deepEqual(txt.asked, [
    "_dnsaddr.peer.example",
    "_dnsaddr.a.peer.example",
    "_dnsaddr.b.peer.example",
    // Asked for again, since other endings are wanted; then it leads to what is known.
    "_dnsaddr.peer.example",
  ]);
});

test("/dnsaddr that leads back to itself ends", async () => {
  const txt = table({ "_dnsaddr.a.example": ["dnsaddr=/dnsaddr/a.example"] });
  const error = await failure(dialMultiaddr(refusing, "/dnsaddr/a.example", { txtResolver: txt }));
  assert.equal(error.code, "ENOTFOUND");
  assert.equal(txt.asked.length, 1);
});

test("/dnsaddr is followed to 8 levels, and with 32 lookups at most", async () => {
  let asked = 0;
  const chain: TxtResolver = {
    resolveTxt: (name) => Promise.resolve([`dnsaddr=/dnsaddr/x.${name.slice(9)}`, `${asked++}`]),
  };
  const deep = await failure(dialMultiaddr(refusing, "/dnsaddr/a.example", { txtResolver: chain }));
  assert.equal(asked, 8);
  assert.equal(deep.code, "ERR_DIAL_MULTIADDR");
  assert.match(deep.reason, /nested deeper than 8 levels/);
  asked = 0;
  const tree: TxtResolver = {
    resolveTxt(name) {
      asked++;
      const inner = name.slice(9);
      return Promise.resolve([1, 2, 3].map((n) => `dnsaddr=/dnsaddr/${n}.${inner}`));
    },
  };
  const wide = await failure(dialMultiaddr(refusing, "/dnsaddr/a.example", { txtResolver: tree }));
  assert.equal(asked, 32);
  assert.match(wide.reason, /more than 32 lookups/);
});

test("/dnsaddr tries 32 addresses at most", async () => {
  const many = Array.from({ length: 100 }, (_, n) => `dnsaddr=/ip4/192.0.2.1/tcp/${n + 1}`);
  const txt = table({ "_dnsaddr.a.example": many });
  const error = await failure(dialMultiaddr(refusing, "/dnsaddr/a.example", { txtResolver: txt }));
  assert.equal(error.errors!.length, 32);
  assert.equal(error.code, "ECONNREFUSED");
  assert.match(error.message, /192\.0\.2\.1:4: connection refused, and 28 more$/);
});

test("/dnsaddr starts the next address after 250 ms, or when one fails; the first connection wins", async () => {
  const txt = table({
    "_dnsaddr.a.example": [1, 2, 3, 4].map((n) => `dnsaddr=/ip4/192.0.2.${n}/tcp/1`),
  });
  const events: DialEvent[] = [];
  const onEvent = (event: DialEvent) => events.push(event);
  const { dial, dials, clock } = start("/dnsaddr/a.example", txt, { onEvent });
  await settle();
  assert.equal(dials.length, 1);
  await clock.pass(249);
  assert.equal(dials.length, 1);
  await clock.pass(1);
  assert.equal(dials.length, 2);
  dials[0]!.fail("ECONNREFUSED");
  await settle();
  assert.equal(dials.length, 3);
  dials[1]!.connect();
  const conn = await dial;
  assert.deepEqual(conn.remoteAddr, { transport: "unix", path: "192.0.2.2:1" });
  assert.equal(clock.pending, 0);
  assert.deepEqual(
    dials.map(({ signal }) => signal.aborted),
    [true, false, true].map((lost, n) => n === 0 ? false : lost),
  );
  dials[2]!.connect();
  await settle();
  assert.equal(dials.length, 3);

  const { children, outcome } = conn.report;
  assert.equal(outcome, "ok");
  assert.deepEqual(children.map(({ kind, label, outcome }) => [kind, label, outcome]), [
    ["lookup", "_dnsaddr.a.example TXT", "ok"],
    ["attempt", "/ip4/192.0.2.1/tcp/1", "failed"],
    ["attempt", "/ip4/192.0.2.2/tcp/1", "ok"],
    ["attempt", "/ip4/192.0.2.3/tcp/1", "lost"],
  ]);
  assert.equal(children[2]!.children[0]!.label, "inner");
  assert.match(children[0]!.detail!, /^\/ip4\/192\.0\.2\.1\/tcp\/1, .*192\.0\.2\.4\/tcp\/1$/);
  const lost = events.find((event) => event.type === "attempt-end" && event.lost);
  assert.ok(lost !== undefined);
  assert.equal(events.at(-1)!.type, "dial-end");
  assert.deepEqual(reportFromEvents(events).children.map(({ outcome }) => outcome), [
    "ok",
    "failed",
    "ok",
    "lost",
  ]);
});

test("/dnsaddr does not wait for a slow lookup while an address can be tried", async () => {
  const txt: TxtResolver = {
    resolveTxt: (name) =>
      name === "_dnsaddr.a.example"
        ? Promise.resolve(["dnsaddr=/dnsaddr/slow.example", "dnsaddr=/ip4/192.0.2.1/tcp/1"])
        : new Promise(() => {}),
  };
  const { dial, dials } = start("/dnsaddr/a.example", txt);
  await settle();
  dials[0]!.connect();
  const conn = await dial;
  assert.deepEqual(conn.report.children.map(({ label, outcome }) => [label, outcome]), [
    ["_dnsaddr.a.example TXT", "ok"],
    ["_dnsaddr.slow.example TXT", "lost"],
    ["/ip4/192.0.2.1/tcp/1", "ok"],
  ]);
});

test("/dnsaddr keeps every error, of lookups and of attempts", async () => {
  const txt = table({
    "_dnsaddr.a.example": [
      "dnsaddr=/dnsaddr/gone.example",
      "dnsaddr=/ip4/192.0.2.1/tcp/1",
      "dnsaddr=/ip6/2001:db8::1/tcp/2",
    ],
  });
  const error = await failure(dialMultiaddr(refusing, "/dnsaddr/a.example", { txtResolver: txt }));
  assert.equal(error.code, "ECONNREFUSED");
  assert.equal(error.phase, "connect");
  assert.deepEqual(error.errors!.map(({ code }) => code), [
    "ECONNREFUSED",
    "ECONNREFUSED",
    "ENOTFOUND",
  ]);
  assert.equal(
    error.message,
    "Cannot dial tcp /dnsaddr/a.example: all failed: 192.0.2.1:1: connection refused, " +
      '[2001:db8::1]:2: connection refused, no dnsaddr record at "_dnsaddr.gone.example"',
  );
  assert.equal(error.report.outcome, "failed");
});

test("/dnsaddr says why nothing that was found can be dialed", async () => {
  const txt = table({ "_dnsaddr.a.example": ["dnsaddr=/ip4/192.0.2.1/udp/1/quic-v1"] });
  const error = await failure(dialMultiaddr(refusing, "/dnsaddr/a.example", { txtResolver: txt }));
  assert.equal(error.code, "ERR_DIAL_MULTIADDR");
  assert.equal(error.phase, "address");
  assert.match(error.reason, /\/ip4\/192\.0\.2\.1\/udp\/1\/quic-v1: "udp" is not supported/);
});

test("/dnsaddr maps what a resolver throws to the codes of dials", async () => {
  for (
    const [thrown, code, reason] of [
      ["ENODATA", "ENOTFOUND", /no dnsaddr record at "_dnsaddr\.a\.example"/],
      ["ESERVFAIL", "EAI_AGAIN", /looking up "_dnsaddr\.a\.example" failed: name lookup failed/],
      ["EPERM", "EACCES", /looking up "_dnsaddr\.a\.example" is not permitted/],
      ["EWHATEVER", "ERR_DIAL_FAILED", /looking up "_dnsaddr\.a\.example" failed: query/],
    ] as const
  ) {
    const cause = Object.assign(new Error("query"), { code: thrown });
    const txtResolver: TxtResolver = { resolveTxt: () => Promise.reject(cause) };
    const error = await failure(dialMultiaddr(refusing, "/dnsaddr/a.example", { txtResolver }));
    assert.equal(error.code, code);
    assert.equal(error.phase, "resolve");
    assert.match(error.reason, reason);
    assert.equal(error.cause, cause);
  }
});

test("/dnsaddr rejects with the signal's reason during a lookup, and ends the lookup", async () => {
  const controller = new AbortController();
  const reason = { why: "enough" };
  let signal: AbortSignal | undefined;
  const txtResolver: TxtResolver = {
    resolveTxt(_, options) {
      signal = options!.signal;
      return new Promise(() => {});
    },
  };
  const events: DialEvent[] = [];
  const onEvent = (event: DialEvent) => events.push(event);
  const dial = dialMultiaddr(refusing, "/dnsaddr/a.example", {
    signal: controller.signal,
    txtResolver,
    onEvent,
  });
  controller.abort(reason);
  await assert.rejects(dial, (error) => error === reason);
  assert.equal(signal!.reason, reason);
  assert.deepEqual(events.map(({ type }) => type), [
    "dial-start",
    "lookup-start",
    "lookup-end",
    "dial-end",
  ]);
});

test("/dnsaddr rejects with the signal's reason during attempts, and closes what connects late", async () => {
  const txt = table({
    "_dnsaddr.a.example": ["dnsaddr=/ip4/192.0.2.1/tcp/1", "dnsaddr=/ip4/192.0.2.2/tcp/1"],
  });
  const controller = new AbortController();
  const reason = { why: "enough" };
  const conns: (Conn & { isClosed: boolean })[] = [];
  const connects: (() => void)[] = [];
  const dialer = dialerOf((_, address) => {
    const conn = fakeConn(address);
    conns.push(conn);
    return new Promise((resolve) => connects.push(() => resolve(conn)));
  });
  const clock = new VirtualClock();
  const options = { signal: controller.signal, txtResolver: txt };
  const dial = startMultiaddrDial(dialer, "/dnsaddr/a.example", options, { clock });
  await clock.pass(250);
  assert.equal(connects.length, 2);
  // The winner is known, but not yet told, when the signal aborts.
  connects[0]!();
  controller.abort(reason);
  await assert.rejects(dial, (error) => error === reason);
  connects[1]!();
  await settle();
  assert.deepEqual(conns.map(({ isClosed }) => isClosed), [true, true]);
  assert.equal(clock.pending, 0);
});

test("/dnsaddr and an abort at the moment of success: the connection is handed over, or closed", async () => {
  const txt = table({ "_dnsaddr.a.example": ["dnsaddr=/ip4/192.0.2.1/tcp/1"] });
  const outcomes = new Set<boolean>();
  for (let turns = 0; turns < 16; turns++) {
    const controller = new AbortController();
    const reason = { turns };
    const conn = fakeConn("peer");
    let connect = () => {};
    const dialer = dialerOf(() => new Promise((resolve) => connect = () => resolve(conn)));
    const options = { signal: controller.signal, txtResolver: txt };
    const dial = dialMultiaddr(dialer, "/dnsaddr/a.example", options);
    const settled = dial.then(() => true, (error) => error === reason ? false : assert.fail(error));
    await settle();
    connect();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    controller.abort(reason);
    const connected = await settled;
    await settle();
    assert.equal(conn.isClosed, !connected, `aborted after ${turns} turns`);
    outcomes.add(connected);
  }
  assert.equal(outcomes.size, 2);
});

test("/dnsaddr may be aborted by a listener at any event", async () => {
  const txt = table({
    "_dnsaddr.a.example": ["dnsaddr=/dnsaddr/b.example", "dnsaddr=/ip4/192.0.2.1/tcp/1"],
  });
  for (const type of ["dial-start", "lookup-start", "lookup-end", "attempt-start", "attempt-end"]) {
    const controller = new AbortController();
    const reason = { why: type };
    const events: DialEvent[] = [];
    const dial = dialMultiaddr(refusing, "/dnsaddr/a.example", {
      signal: controller.signal,
      txtResolver: txt,
      onEvent(event) {
        events.push(event);
        if (event.type === type) controller.abort(reason);
      },
    });
    await assert.rejects(dial, (error) => error === reason);
    await settle();
    assert.equal(reportFromEvents(events).outcome, "aborted");
    assert.equal(events.at(-1)!.type, "dial-end", type);
  }
});

test("the default TXT resolver asks DNS, and its query ends with the signal", async () => {
  // Whatever the machine's name servers say of a name that cannot exist, or never say, the dial ends.
  const controller = new AbortController();
  const reason = { why: "enough" };
  const dial = dialMultiaddr(refusing, "/dnsaddr/nobody.invalid", {
    signal: controller.signal,
    onEvent: ({ type }) =>
      type === "lookup-start" && setTimeout(() => controller.abort(reason), 500),
  });
  const error = await dial.catch((error) => error);
  if (error !== reason) {
    assert.ok(error instanceof DialError, String(error));
    assert.equal(error.phase, "resolve");
  }
});
