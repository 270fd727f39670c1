import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { systemDialer } from "../../adapters/system.ts";
import {
  boolean,
  hasOption,
  oneOf,
  type OptionChecks,
  optionOf,
  otherOptions,
  readOptions,
  unchecked,
} from "../../src/core/options.ts";
import type { DialReport } from "../../src/core/dial_report.ts";
import { tcp } from "../../src/libp2p/mod.ts";
import {
  checkProxy,
  httpConnectDialer,
  proxyDialer,
  proxyFromEnv,
  socks4Dialer,
  socks5Dialer,
  withProxyProtocol,
} from "../../src/proxy/mod.ts";
import { dialMultiaddr } from "../../src/multiaddr/dial_multiaddr.ts";
import { formatReport } from "../../src/observe/mod.ts";
import { fromDuplex, nodeConnector, toDuplex } from "../../src/stream/mod.ts";
import { testDialer } from "../../src/testing/mod.ts";
import { withTls } from "../../src/tls/mod.ts";
import { dialerOf } from "../fakes/dialer_of.ts";

interface Options {
  localAddress?: string;
  noDelay?: boolean;
  via?: string;
}
const checks: OptionChecks<Options> = {
  localAddress: unchecked,
  noDelay: boolean,
  via: unchecked,
};
const read = (options: unknown) => readOptions<Options>("it", options, checks);

for (
  const [name, hint] of [
    ["localAdress", ': did you mean "localAddress"?'],
    ["localaddress", ': did you mean "localAddress"?'],
    ["NODELAY", ': did you mean "noDelay"?'],
    ["noDealy", ': did you mean "noDelay"?'],
    ["vai", ': did you mean "via"?'],
    ["env", ""],
    ["ALL_PROXY", ""],
    ["__proto__", ""],
  ] as const
) {
  test(`the option ${name} is unknown${hint}`, () => {
    const options = JSON.parse(`{"${name}": 1}`);
    const message = `Unknown option "${name}" of it${hint}`;
    assert.throws(() => read(options), { name: "TypeError", message });
    // Also where it is inherited, or a getter of a class.
    assert.throws(() => read(Object.create(options)), { message });
    class Getter {}
    Object.defineProperty(Getter.prototype, name, { get: () => 1, configurable: true });
    assert.throws(() => read(new Getter()), { message });
  });
}

test("an unknown option that can hardly be a name is not shown", () => {
  for (const name of ["", "a b", "user:s3cr3t@host", "1", "x".repeat(41)]) {
    assert.throws(() => read({ [name]: 1 }), { message: "Unknown option of it" });
  }
});

test("options are an object, and nothing else", () => {
  const wrong: [unknown, string][] = [
    [null, "null"],
    [undefined, "undefined"],
    [5, "a number"],
    ["s3cr3t", "a string"],
    [() => {}, "a function"],
    [[], "an array"],
    [systemDialer(), "a dialer"],
  ];
  for (const [options, kind] of wrong) {
    const message = `The options of it must be an object, not ${kind}`;
    assert.throws(() => read(options), { name: "TypeError", message });
  }
});

test("options are read once, wherever an object has them", () => {
  let reads = 0;
  class Settings {
    readonly #via = "private";
    get via() {
      reads++;
      return this.#via;
    }
    method() {}
  }
  assert.deepEqual({ ...read(new Settings()) }, { via: "private" });
  assert.equal(reads, 1);
});

test("options are inherited, but not from Object.prototype", () => {
  const given = Object.assign(Object.create({ via: "inherited" }), { localAddress: "own" });
  assert.deepEqual({ ...read(given) }, { localAddress: "own", via: "inherited" });
  assert.deepEqual({ ...read(Object.create(null)) }, {});
  const bare = Object.assign(Object.create(null), { via: "bare" });
  assert.deepEqual({ ...read(Object.create(bare)) }, { via: "bare" });
  const lazy = new Proxy({}, { get: (_, name) => name === "via" ? "lazy" : undefined });
  assert.deepEqual({ ...read(lazy) }, { via: "lazy" });
  assert.deepEqual({ ...read(runInNewContext("({ via: 'of another realm' })")) }, {
    via: "of another realm",
  });
  withPolluted({ via: "polluted", surplus: 1 }, () => {
    assert.equal(read({}).via, undefined);
    assert.equal(optionOf({}, "via"), undefined);
    assert.equal(hasOption({}, "via"), false);
    assert.deepEqual(Reflect.ownKeys(otherOptions({ a: 1 }, [])), ["a"]);
    assert.equal(read(Object.create({ noDelay: true })).noDelay, true);
  });
  const other = runInNewContext("Object.prototype.via = 'polluted'; ({})");
  assert.equal(read(other).via, undefined);
});

test("an option that is undefined is not there, and yet is told from none", () => {
  assert.deepEqual({ ...read({ via: undefined, noDelay: undefined }) }, {});
  assert.equal(hasOption({ via: undefined }, "via"), true);
  assert.equal(hasOption({}, "via"), false);
});

test("an enumeration lists what is allowed and quotes nothing", () => {
  assert.throws(() => oneOf("a", "b", "c")("s3cr3t", "it"), {
    name: "TypeError",
    message: 'it must be "a", "b" or "c"',
  });
  assert.throws(() => oneOf(4, 6)("4", "it"), { name: "RangeError", message: "it must be 4 or 6" });
});

const nobody = dialerOf(() => assert.fail("it was dialed"));
const server = "127.0.0.1:1";
const report: DialReport = {
  ...{ kind: "dial", label: "", startMs: 0, durationMs: 0, outcome: "ok" as const, children: [] },
};
const made: Record<string, (options: object) => unknown> = {
  systemDialer,
  socks5Dialer: (options) => socks5Dialer({ server, ...options }),
  socks4Dialer: (options) => socks4Dialer({ server, ...options }),
  httpConnectDialer: (options) => httpConnectDialer({ server, ...options }),
  proxyDialer: (options) => proxyDialer(`http://${server}`, options),
  proxyFromEnv,
  checkProxy: (options) => checkProxy(nobody, { level: "tcp", ...options }),
  withProxyProtocol: (options) => withProxyProtocol(nobody, { version: 1, ...options }),
  withTls: (options) => withTls(nobody, options),
  nodeConnector: (options) => nodeConnector(nobody, options),
  fromDuplex: (options) => fromDuplex(toDuplex(fakeConn()), options),
  toDuplex: (options) => toDuplex(fakeConn(), options),
  formatReport: (options) => formatReport(report, options),
  testDialer: (options) => testDialer({ name: "it", dialer: nobody, ...options }),
  tcp,
  tls: (tls) => httpConnectDialer({ server, tls }),
  localAddress: (localAddress) => systemDialer({ localAddress }),
  credentials: (credentials) => socks5Dialer({ server, credentials: credentials as never }),
  isolation: (isolation) => socks5Dialer({ server, isolation }),
  dialOpts: (dialOpts) => tcp({ dialOpts }),
  listenOpts: (listenOpts) => tcp({ listenOpts }),
  closeServerOnMaxConnections: (it) => tcp({ closeServerOnMaxConnections: it as never }),
};

for (const [owner, make] of Object.entries(made)) {
  test(`an unknown option of ${owner} is an error`, async () => {
    const message = `Unknown option "unknown" of ${owner}`;
    const error = { name: "TypeError", message };
    await assert.rejects(async () => await make({ unknown: undefined }), error);
  });

  test(`what a getter of the options of ${owner} throws comes out as it is`, async () => {
    const thrown = new Error("of the caller");
    const options = new Proxy({}, {
      getPrototypeOf() {
        throw thrown;
      },
      ownKeys() {
        throw thrown;
      },
    });
    await assert.rejects(async () => await make(options), (error) => error === thrown);
  });
}

test("options that would have been a direct dial without a word", () => {
  const wrong: [() => unknown, RegExp][] = [
    [() => tcp({ via: nobody } as object), /"via" of tcp$/],
    [() => tcp({ dialler: nobody } as object), /"dialler" of tcp: did you mean "dialer"\?$/],
    [() => systemDialer({ via: nobody } as object), /"via" of systemDialer$/],
    [() => proxyFromEnv({ ALL_PROXY: "http://h" } as object), /"ALL_PROXY" of proxyFromEnv$/],
  ];
  for (const [make, message] of wrong) assert.throws(make, { name: "TypeError", message });
});

test("the options of a dial are read in the same way, and unknown ones are handed on", async () => {
  const seen: unknown[] = [];
  const dialer = dialerOf((_network, _address, options) => {
    seen.push(options);
    return Promise.reject(new Error("enough"));
  });
  const wrapped = withProxyProtocol(dialer, { version: 1 });
  const options = Object.create({ inherited: 1, signal: AbortSignal.abort("inherited") });
  await assert.rejects(() => wrapped.dialContext("tcp", server, options), (reason) => {
    return reason === "inherited";
  });
  const inherited = Object.create({ mine: 1 });
  await assert.rejects(() => wrapped.dialContext("tcp", server, inherited), /enough/);
  await assert.rejects(
    () => dialMultiaddr(wrapped, "/ip4/127.0.0.1/tcp/1", inherited),
    /enough/,
  );
  for (const each of seen) assert.equal((each as { mine?: number }).mine, 1);
  assert.equal(seen.length, 2);
  const thrown = new Error("of a getter");
  const throwing = {
    get signal(): AbortSignal {
      throw thrown;
    },
  };
  for (const each of [systemDialer(), wrapped, socks5Dialer({ server })]) {
    const dial = each.dialContext("tcp", server, throwing);
    await assert.rejects(dial, (error) => error === thrown);
    const wrong = each.dialContext("tcp", server, "s3cr3t" as never);
    await assert.rejects(
      wrong,
      /^TypeError: The options of a dial must be an object, not a string/,
    );
  }
  await assert.rejects(dialMultiaddr(wrapped, "/ip4/127.0.0.1/tcp/1", throwing), (error) => {
    return error === thrown;
  });
});

test("a polluted Object.prototype changes no dial", async () => {
  // Not "signal", which addEventListener() itself reads of its options.
  const names = [
    ...["via", "timeoutMs", "credentials", "resolve", "lookup", "connectOnly", "login"],
    ...["username", "password", "isolation", "headers", "tls", "ipv4", "allowHalfOpen"],
    ...["resolver", "txtResolver", "level", "dialer", "customTCPDialer", "onEvent"],
    ...[
      "remoteMultiaddr",
      "network",
      "address",
      "localAddress",
      "localPort",
      "serverName",
      "verify",
      "ca",
      "version",
      "source",
      "env",
    ],
    ...["ALL_PROXY", "all_proxy", "dialContext", "unknown", "preferFamily", "noDelay"],
  ];
  const plain = String(proxyDialer("socks5h://127.0.0.1:1"));
  const polluted = Object.fromEntries(names.map((name) => [name, () => "polluted"]));
  const dials = withPolluted(polluted, () => {
    for (const [owner, make] of Object.entries(made)) {
      // The runtime's own streams read it, too.
      if (/Duplex|testDialer|credentials|isolation|localAddress|checkProxy/.test(owner)) continue;
      make({});
    }
    assert.equal(String(proxyDialer("socks5h://127.0.0.1:1")), plain);
    return Promise.allSettled([
      systemDialer().dialContext("tcp", server),
      proxyFromEnv({ env: {} }).dialContext("tcp", server),
      dialMultiaddr(nobody, "/tcp/1", {}),
    ]);
  });
  const codes = (await dials).map((each) => (each as { reason?: { code: string } }).reason?.code);
  assert.deepEqual(codes, ["ECONNREFUSED", "ECONNREFUSED", "ERR_DIAL_MULTIADDR"]);
});

/** Calls with additional properties on what every object inherits from. */
function withPolluted<T>(properties: Record<string, unknown>, call: () => T): T {
  const target = Object.prototype as unknown as Record<string, unknown>;
  Object.assign(target, properties);
  try {
    return call();
  } finally {
    for (const name of Object.keys(properties)) delete target[name];
  }
}

function fakeConn(): never {
  return {
    ...{ read: () => new Promise(() => {}), write: () => Promise.resolve(0), close: () => {} },
  } as never;
}
