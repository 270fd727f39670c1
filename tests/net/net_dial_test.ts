import assert from "node:assert/strict";
import { test } from "node:test";
import type { Connector } from "../../src/net/connector.ts";
import { reportFromEvents } from "../../src/testing/event_tree.ts";
import { settle } from "../fakes/virtual_clock.ts";
import { both, failureOf, Trial } from "./net_dial_trial.ts";

test("a literal is connected to without a lookup, its zone kept", () => {
  const trial = new Trial();
  trial.dial("192.0.2.4:9");
  trial.dial("[fe80::1%eth0]:9");
  assert.deepEqual(trial.connector.addresses, ["192.0.2.4:9", "[fe80::1%eth0]:9"]);
  assert.deepEqual(trial.asked, []);
});

test("an empty host and the unspecified addresses mean this machine", async () => {
  const trial = new Trial({}, { 6: ["::1"], 4: ["127.0.0.1"] });
  trial.dial("0.0.0.0:9");
  trial.dial("[::]:9");
  trial.dial(":9");
  await settle();
  assert.deepEqual(trial.connector.addresses, ["127.0.0.1:9", "[::1]:9", "[::1]:9"]);
  assert.deepEqual(trial.asked, ["localhost 6", "localhost 4"]);
});

test("tcp4 and tcp6 look only their family up", async () => {
  for (
    const [network, asked, address] of [
      ["tcp4", "peer.test 4", "192.0.2.4:9"],
      ["tcp6", "peer.test 6", "[2001:db8::6]:9"],
    ] as const
  ) {
    const trial = new Trial({}, both);
    trial.dial("peer.test:9", { network });
    await trial.clock.pass(10_000);
    assert.deepEqual(trial.asked, [asked]);
    assert.deepEqual(trial.connector.addresses, [address]);
  }
});

test("a resolver gets a Unicode name as A-labels; errors say the address as asked", async () => {
  const trial = new Trial({}, { 6: [], 4: [] });
  const error = await failureOf(trial.dial("bücher.example:9"));
  assert.deepEqual(trial.asked, ["xn--bcher-kva.example 6", "xn--bcher-kva.example 4"]);
  assert.equal(error.address, "bücher.example:9");
  assert.match(error.message, /^Cannot dial tcp bücher\.example:9: /);
  assert.equal((trial.events[0] as { address?: string }).address, "bücher.example:9");
});

test("an address of another family than was asked for is never connected to", async () => {
  // Such as `dns.lookup("::1", { family: 4 })` answers.
  const trial = new Trial({}, { 4: ["2001:db8::6", "peer.test", "192.0.2.4"], 6: ["192.0.2.4"] });
  trial.dial("peer.test:9", { network: "tcp4" });
  const six = trial.dial("peer.test:9", { network: "tcp6" });
  assert.equal((await failureOf(six)).code, "ENOTFOUND");
  await trial.clock.pass(10_000);
  assert.deepEqual(trial.connector.addresses, ["192.0.2.4:9"]);
});

test("the first to connect wins, and the others are cancelled and lost", async () => {
  const trial = new Trial({}, both);
  const dial = trial.dial("peer.test:9");
  await trial.clock.pass(250);
  const [six, four] = trial.connector.attempts;
  assert.equal(six!.cancelled, false);
  four!.succeed();
  const conn = await dial;
  assert.equal(conn, four!.conn);
  assert.ok(six!.cancelled && !four!.cancelled);
  assert.equal(trial.clock.pending, 0);
  const report = reportFromEvents(trial.events);
  assert.equal(conn.report.outcome, "ok");
  const outcomes = report.children.map(({ kind, outcome }) => `${kind} ${outcome}`);
  assert.deepEqual(outcomes, ["lookup ok", "lookup ok", "attempt lost", "attempt ok"]);
});

test("a connection that comes after the dial is over is closed", async () => {
  const trial = new Trial({}, both);
  const dial = trial.dial("peer.test:9");
  await trial.clock.pass(250);
  const [six, four] = trial.connector.attempts;
  four!.succeed();
  six!.succeed();
  assert.equal(await dial, four!.conn);
  assert.ok(six!.conn.destroyed && !four!.conn.destroyed);
});

test("every attempt's error is kept, and the message tells them", async () => {
  const trial = new Trial({}, { 6: ["2001:db8::6", "2001:db8::7"], 4: ["192.0.2.4"] });
  const dial = trial.dial("peer.test:9");
  await settle();
  const cause = new Error("from the runtime");
  for (const code of ["ENETUNREACH", "ECONNREFUSED", "ENETUNREACH"] as const) {
    trial.connector.attempts.at(-1)!.fail({ code, cause });
    await settle();
  }
  const error = await failureOf(dial);
  // "No way there" says little next to what a host answered.
  assert.equal(error.code, "ECONNREFUSED");
  assert.equal(error.phase, "connect");
  assert.equal(error.cause, cause);
  assert.deepEqual(
    error.errors?.map(({ address, code }) => `${address} ${code}`),
    [
      "[2001:db8::6]:9 ENETUNREACH",
      "192.0.2.4:9 ECONNREFUSED",
      "[2001:db8::7]:9 ENETUNREACH",
    ],
  );
  assert.equal(
    error.message,
    "Cannot dial tcp peer.test:9: all 3 attempts failed: [2001:db8::6]:9 network unreachable, " +
      "192.0.2.4:9 connection refused, [2001:db8::7]:9 network unreachable",
  );
  assert.deepEqual(error.report, { ...error.report, outcome: "failed", kind: "dial" });
  assert.equal(trial.clock.pending, 0);
});

test("a single attempt's error says which address of the name it was", async () => {
  const trial = new Trial({}, { 6: [], 4: ["192.0.2.4"] });
  const dial = trial.dial("peer.test:9");
  await settle();
  trial.connector.attempts[0]!.fail({ code: "ECONNREFUSED" });
  const { message } = await failureOf(dial);
  assert.equal(message, "Cannot dial tcp peer.test:9: 192.0.2.4:9: connection refused");
});

test("lookups that fail are a resolve error with both causes", async () => {
  const notFound = Object.assign(new Error("no"), { code: "ENOTFOUND" });
  const again = Object.assign(new Error("later"), { code: "EAI_AGAIN" });
  const gone = await failureOf(new Trial({}, { 6: notFound, 4: [] }).dial("peer.test:9"));
  assert.deepEqual([gone.code, gone.phase, gone.errors?.length], ["ENOTFOUND", "resolve", 2]);
  assert.equal(gone.message, 'Cannot dial tcp peer.test:9: no such host "peer.test"');
  // Another time it may succeed, so that is what counts.
  const later = await failureOf(new Trial({}, { 6: notFound, 4: again }).dial("peer.test:9"));
  assert.deepEqual([later.code, later.cause], ["EAI_AGAIN", again]);
  const strange = await failureOf(new Trial({}, { 6: [], 4: new Error("odd") }).dial("a:9"));
  assert.equal(strange.code, "ERR_DIAL_FAILED");
});

test("one family's failed lookup does not fail the dial", async () => {
  const trial = new Trial({}, { 6: new Error("broken"), 4: ["192.0.2.4"] });
  const dial = trial.dial("peer.test:9");
  await settle();
  trial.connector.attempts[0]!.succeed();
  assert.equal((await dial).report.children[0]!.outcome, "failed");
});

test("a local address for each family is bound to where that family is dialed", async () => {
  const localAddress = { ipv4: "192.0.2.44", ipv6: "2001:db8::66" };
  const trial = new Trial({ localAddress, localPort: 7_000 }, both);
  trial.dial("peer.test:9");
  await trial.clock.pass(250);
  const bound = trial.connector.attempts.map(({ request }) =>
    "host" in request && [request.host, request.localAddress, request.localPort]
  );
  assert.deepEqual(bound, [
    ["2001:db8::6", "2001:db8::66", 7_000],
    ["192.0.2.4", "192.0.2.44", 7_000],
  ]);
  const starts = trial.events.filter(({ type }) => type === "attempt-start");
  assert.deepEqual(starts.map((event) => "localAddress" in event && event.localAddress), [
    "2001:db8::66",
    "192.0.2.44",
  ]);
});

test("one local address confines the dial to its family", async () => {
  const trial = new Trial({ localAddress: "192.0.2.44" }, both);
  trial.dial("peer.test:9");
  await trial.clock.pass(10_000);
  assert.deepEqual(trial.asked, ["peer.test 4"]);
  assert.deepEqual(trial.connector.addresses, ["192.0.2.4:9"]);
  for (const [address, network] of [["[2001:db8::6]:9", "tcp"], ["peer.test:9", "tcp6"]] as const) {
    const error = await failureOf(trial.dial(address, { network }));
    assert.equal(error.code, "EADDRNOTAVAIL");
    assert.match(error.message, /192\.0\.2\.44/);
  }
});

/** Fails all attempts for want of permission, and takes down which names are dialed as such. */
function withoutPermission(trial: Trial): string[] {
  const names: string[] = [];
  const connector: Connector = trial.connector;
  const { connect } = connector;
  const at = { family: 4, port: 9, localAddress: undefined, localPort: undefined } as const;
  connector.connect = (request, done, cancellable) => {
    const cancel = connect.call(connector, request, done, cancellable);
    queueMicrotask(() => trial.connector.attempts.at(-1)!.fail({ code: "EACCES" }));
    return cancel;
  };
  connector.connectName = (host, _port, done) => {
    names.push(host);
    return connect.call(connector, { host: "192.0.2.4", ...at }, done, true);
  };
  return names;
}

test("a name none of whose addresses is permitted goes to the runtime as a name", async () => {
  const trial = new Trial({ resolver: undefined });
  const names = withoutPermission(trial);
  const dial = trial.dial("localhost:9");
  await settle();
  assert.deepEqual(trial.connector.addresses, ["[::1]:9", "127.0.0.1:9", "192.0.2.4:9"]);
  assert.deepEqual(names, ["localhost"]);
  trial.connector.attempts[2]!.succeed();
  const attempt = (await dial).report.children.at(-1);
  assert.equal(attempt?.outcome, "ok");
  assert.equal(attempt?.detail, "by name, since neither lookup nor addresses are permitted");
});

test("the runtime would choose the family, so tcp4 and tcp6 never go by name", async () => {
  const trial = new Trial({ resolver: undefined });
  const names = withoutPermission(trial);
  for (const network of ["tcp4", "tcp6"] as const) {
    assert.equal((await failureOf(trial.dial("localhost:9", { network }))).code, "EACCES");
  }
  assert.deepEqual(names, []);
});

test("a name never goes past a resolver of the user's own", async () => {
  const denied = Object.assign(new Error("denied"), { code: "EPERM" });
  for (const answers of [both, { 6: denied, 4: denied }]) {
    const trial = new Trial({}, answers);
    const names = withoutPermission(trial);
    assert.equal((await failureOf(trial.dial("peer.test:9"))).code, "EACCES");
    assert.deepEqual(names, []);
  }
});

test("what a listener throws does not disturb the dial", async () => {
  const caught: unknown[] = [];
  const queue = globalThis.queueMicrotask;
  // Where it surfaces is the process, which the test would not survive.
  globalThis.queueMicrotask = (task) => {
    try {
      task();
    } catch (error) {
      caught.push(error);
    }
  };
  try {
    const trial = new Trial();
    const dial = trial.dial("192.0.2.4:9", {
      onEvent({ type }) {
        throw new Error(type);
      },
    });
    trial.connector.attempts[0]!.succeed();
    assert.equal((await dial).report.outcome, "ok");
  } finally {
    globalThis.queueMicrotask = queue;
  }
  assert.equal(caught.length, 4);
});
