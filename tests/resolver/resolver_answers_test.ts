import assert from "node:assert/strict";
import { test } from "node:test";
import type { LookupOptions, Resolver } from "../../src/resolver/resolver.ts";
import { settle } from "../fakes/virtual_clock.ts";
import { failureOf, Trial } from "../net/net_dial_trial.ts";

/** A resolver with the same answer for both families, of whatever type. */
function answering(answer: () => unknown): Resolver {
  return { lookup: answer as Resolver["lookup"] };
}

const noAddress: [what: string, answer: () => unknown][] = [
  ["an empty list", () => []],
  ["what is no address", () => ["peer.test", "", " 192.0.2.1", "[2001:db8::1]", "192.0.2.1:80"]],
  ["what is no text", () => [4, null, undefined, { address: "192.0.2.1" }]],
  ["IPv4-mapped addresses", () => ["::ffff:192.0.2.1", "0:0:0:0:0:FFFF:C000:0201"]],
];

for (const [what, answer] of noAddress) {
  test(`a resolver that answers ${what} has no such host`, async () => {
    const trial = new Trial({ resolver: answering(() => Promise.resolve(answer())) });
    const error = await failureOf(trial.dial("peer.test:9", { network: "tcp6" }));
    assert.deepEqual([error.code, error.phase], ["ENOTFOUND", "resolve"]);
    assert.deepEqual(trial.connector.attempts, []);
  });
}

const broken: [what: string, answer: () => unknown, message: RegExp][] = [
  ["nothing", () => undefined, /the resolver's answer is not a list$/],
  ["a text", () => Promise.resolve("192.0.2.1"), /the resolver's answer is not a list$/],
  ["a set", () => Promise.resolve(new Set()), /the resolver's answer is not a list$/],
  ["by throwing at once", () => {
    throw new Error("not today");
  }, /not today$/],
  ["by rejecting with nothing", () => Promise.reject(), /undefined$/],
  [
    "by rejecting with an object that has no text",
    () => Promise.reject(Object.create(null)),
    /says nothing$/,
  ],
  ["by rejecting with two lines", () => Promise.reject("one\ntwo\u001b[2J"), /one two\\u001b\[2J$/],
];

for (const [what, answer, message] of broken) {
  test(`a resolver that answers ${what} fails the dial, on one line`, async () => {
    const error = await failureOf(new Trial({ resolver: answering(answer) }).dial("peer.test:9"));
    assert.deepEqual([error.code, error.phase], ["ERR_DIAL_FAILED", "resolve"]);
    assert.match(error.message, message);
  });
}

test("a name that cannot be in the DNS is not found, which Node calls EINVAL", async () => {
  const invalid = Object.assign(new Error("getaddrinfo EINVAL"), { code: "EINVAL" });
  const error = await failureOf(new Trial({}, { 6: invalid, 4: invalid }).dial("xn--.test:9"));
  assert.equal(error.code, "ENOTFOUND");
});

test("an address that a resolver gives twice is tried once", async () => {
  const twice = ["192.0.2.4", "192.0.2.5", "192.0.2.4"];
  const trial = new Trial({}, { 6: [], 4: twice });
  trial.dial("peer.test:9");
  await trial.clock.pass(10_000);
  assert.deepEqual(trial.connector.addresses, ["192.0.2.4:9", "192.0.2.5:9"]);
});

test("a resolver's answer may be as long as it likes", async () => {
  const many = Array.from(
    { length: 300_000 },
    (_, index) => `10.${index >> 16}.${index >> 8 & 255}.${index & 255}`,
  );
  const trial = new Trial({}, { 6: [], 4: many });
  const dial = trial.dial("peer.test:9");
  await settle();
  assert.deepEqual(trial.connector.addresses, ["10.0.0.0:9"]);
  trial.connector.attempts[0]!.succeed();
  assert.equal(await dial, trial.connector.attempts[0]!.conn);
});

test("an answer that comes after the abort is dropped, whatever it is", async () => {
  for (const answer of [["192.0.2.4"], undefined, 7]) {
    let settleLookup: (answer: unknown) => void = () => {};
    const late = new Promise((resolve) => settleLookup = resolve);
    const lookup = (_host: string, { family }: LookupOptions) =>
      (family === 4 ? late : Promise.resolve([])) as Promise<readonly string[]>;
    const trial = new Trial({ resolver: { lookup } });
    const controller = new AbortController();
    const dial = trial.dial("peer.test:9", { signal: controller.signal });
    await settle();
    controller.abort("enough");
    assert.equal(await dial.catch((reason) => reason), "enough");
    const told = trial.events.length;
    settleLookup(answer);
    await settle();
    assert.deepEqual([trial.connector.attempts.length, trial.events.length], [0, told]);
  }
});
