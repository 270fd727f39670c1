import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { systemDialer } from "../../adapters/system.ts";
import { type DialError, isDialError } from "../../src/core/dial_error.ts";
import type { ContextDialer } from "../../src/core/dialer.ts";
import { socks4Dialer, socks5Dialer, type SocksIsolation } from "../../src/proxy/mod.ts";
import { startTor, type Tor, torMissing } from "../peers/tor.ts";
import { openSockets, settleSockets } from "./descriptors.ts";
import { within } from "./within.ts";

// Without a network Tor comes as far as its answers, which is as far as a test can go that shall not leave this machine.
const options = torMissing === undefined ? {} : { skip: torMissing };
let shared: Promise<Tor> | undefined;
let before: string[] | undefined;

const onion = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion";

async function torTest(tor: Tor, run: (tor: Tor) => Promise<void>): Promise<void> {
  if (before === undefined) {
    await failure(socks5Dialer({ server: tor.path }), "bad.onion:80");
    before = openSockets();
  }
  await run(tor);
  await settleSockets(before);
}

function scenario(name: string, run: (tor: Tor) => Promise<void>): void {
  test(`Tor ${name}`, options, async () => torTest(await (shared ??= startTor()), run));
}

scenario("gives its own replies for onion addresses that cannot be", async ({ path }) => {
  for (const host of ["bad.onion", "a".repeat(56) + ".onion"]) {
    const error = await failure(socks5Dialer({ server: path }), `${host}:80`);
    assert.equal(error.code, "ERR_PROXY_ONION_INVALID_ADDRESS", error.message);
    assert.equal(error.blame, "target");
  }
});

scenario("refuses by its rules", async ({ path, rejectedPort }) => {
  const error = await failure(socks5Dialer({ server: path }), `peer.example:${rejectedPort}`);
  assert.equal(error.code, "ERR_PROXY_TARGET_NOT_ALLOWED", error.message);
  assert.equal(error.blame, "target");
  assert.match(error.message, /via socks5h\+unix:\/\/\//);
});

scenario("refuses a private address", async ({ path }) => {
  const error = await failure(socks5Dialer({ server: path }), "127.0.0.1:80");
  assert.equal(error.code, "ERR_PROXY_TARGET_FAILED", error.message);
});

scenario("gives up what it finds no way to", async ({ path }) => {
  const dialer = socks5Dialer({ server: path });
  const targets = ["peer.example:80", "192.0.2.1:80", "[2001:db8::1]:80", `${onion}:80`];
  const errors = await Promise.all(targets.map((target) => failure(dialer, target)));
  for (const error of errors) {
    assert.equal(error.code, "ERR_PROXY_TARGET_TIMEOUT", error.message);
    assert.equal(error.blame, "target");
  }
});

scenario("answers SOCKS4a, where one code means all", async ({ path, rejectedPort }) => {
  const dialer = socks4Dialer({ server: path });
  const error = await failure(dialer, `peer.example:${rejectedPort}`);
  assert.equal(error.code, "ERR_PROXY_TARGET_FAILED", error.message);
});

scenario("is not asked to look up an onion address locally", async ({ path }) => {
  const lookup = () => Promise.reject(new Error("looked up"));
  const dialer = socks5Dialer({ server: path, resolve: "local", resolver: { lookup } });
  const error = await failure(dialer, `${onion}:80`);
  assert.equal(error.code, "ERR_DIAL_ADDRESS", error.message);
});

scenario("is told what to isolate, in the form of proposal 351", async (tor) => {
  const seen = await isolationSeen(tor, { token: "circuit-7" }, ["a.example"]);
  assert.deepEqual(seen, [["a.example", "<torS0X>0", "circuit-7"]]);

  const hosts = ["a.example", "b.example", "a.example"];
  const perTarget = await isolationSeen(tor, "target", hosts);
  assert.equal(new Set(perTarget.map(([host, , token]) => `${host} ${token}`)).size, 2);
  assert.equal(new Set(perTarget.map(([, , token]) => token)).size, 2);
  const perDial = await isolationSeen(tor, "dial", hosts);
  assert.equal(new Set(perDial.map(([, , token]) => token)).size, 3);
  for (const [, form] of [...perTarget, ...perDial]) assert.equal(form, "<torS0X>0");
});

scenario("is told what to isolate, as older ones take it", async (tor) => {
  const seen = await isolationSeen(tor, { token: "circuit-7", form: "legacy" }, ["a.example"]);
  assert.deepEqual(seen, [["a.example", "circuit-7", "circuit-7"]]);
});

scenario(
  "takes a handshake in one flight, with credentials too",
  async ({ path, rejectedPort }) => {
    for (const isolation of [undefined, "dial"] as const) {
      for (const handshake of ["sequential", "pipelined", "auto"] as const) {
        const dialer = socks5Dialer({ server: path, handshake, isolation, via: systemDialer() });
        let handshakes = 0;
        const count = (type: string) => void (type === "handshake-start" && handshakes++);
        const error = await failure(dialer, `peer.example:${rejectedPort}`, count);
        assert.equal(error.code, "ERR_PROXY_TARGET_NOT_ALLOWED", error.message);
        assert.equal(handshakes, 1, handshake);
      }
    }
  },
);

scenario("is given up by an abort while it looks for a way", async ({ path }) => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const dialing = socks5Dialer({ server: path }).dialContext("tcp", "peer.example:80", {
    signal: controller.signal,
    onEvent: ({ type }) =>
      type === "handshake-start" && setTimeout(() => controller.abort(reason), 20),
  });
  const outcome = await within("the abort", dialing.catch((error: unknown) => error), 900);
  assert.equal(outcome, reason);
});

scenario("answers 200 dials at once", async ({ path, rejectedPort }) => {
  const dialer = socks5Dialer({ server: path, isolation: "dial" });
  const targets = Array.from({ length: 200 }, (_, index) => `peer${index}.example:${rejectedPort}`);
  const errors = await Promise.all(targets.map((target) => failure(dialer, target)));
  const codes = new Set(errors.map((error) => error.code));
  assert.deepEqual([...codes], ["ERR_PROXY_TARGET_NOT_ALLOWED"]);
});

test("Tor, killed in the handshake, is blamed", options, async () => {
  const tor = await startTor();
  try {
    const dialer = socks5Dialer({ server: tor.path });
    // So that it is known to take a handshake in one flight.
    await failure(dialer, "bad.onion:80");
    let waits = () => {};
    const waiting = new Promise<void>((resolve) => waits = resolve);
    await tor.freeze();
    const dialing = failure(
      dialer,
      "peer.example:80",
      (type) => type === "handshake-start" && waits(),
    );
    await waiting;
    await tor.stop();
    const error = await dialing;
    assert.equal(error.blame, "proxy", error.message);
    const codes = ["ERR_PROXY_CLOSED", "ECONNRESET", "ECONNREFUSED", "ENOENT"];
    assert.ok(codes.includes(error.code), error.message);
  } finally {
    await tor.stop();
  }
});

test("Tor: nothing is left open", options, async () => {
  const tor = await shared!;
  await settleSockets(before!);
  await tor.stop();
});

async function failure(
  dialer: ContextDialer,
  target: string,
  onType: (type: string) => void = () => {},
): Promise<DialError> {
  const dialing = dialer.dialContext("tcp", target, { onEvent: ({ type }) => onType(type) });
  const error = await within("Tor's answer", dialing.catch((error: unknown) => error));
  if (!isDialError(error)) throw error;
  return error;
}

/** Dials the hosts at once, and asks Tor what it read: host, user name and password of each. */
async function isolationSeen(
  { path, controlPath }: Tor,
  isolation: SocksIsolation,
  hosts: readonly string[],
): Promise<string[][]> {
  const control = connect(controlPath);
  const controller = new AbortController();
  try {
    let text = "";
    control.setEncoding("utf8").on("data", (chunk: string) => text += chunk);
    const told = async (pattern: RegExp, count: number) => {
      while ([...text.matchAll(pattern)].length < count) {
        await within("Tor's events", once(control, "data"));
      }
      return [...text.matchAll(pattern)].map((match) => match.slice(1) as string[]);
    };
    control.write("AUTHENTICATE\r\nSETEVENTS STREAM\r\n");
    await told(/^250 OK\r\n/gm, 2);
    const dialer = socks5Dialer({ server: path, isolation, handshake: "sequential" });
    const { signal } = controller;
    const dials = hosts.map((host) => dialer.dialContext("tcp", `${host}:80`, { signal }));
    const seen = await told(
      /^650 STREAM \d+ NEW \d+ (\S+):80 .*SOCKS_USERNAME="(.*?)" SOCKS_PASSWORD="(.*?)".*\r\n/gm,
      hosts.length,
    );
    controller.abort();
    await Promise.allSettled(dials);
    return seen;
  } finally {
    control.destroy();
  }
}
