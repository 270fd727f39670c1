import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { root } from "../../../scripts/manifest.ts";
import { runProcess } from "../../../scripts/run_process.ts";
import { runtimeBinary } from "../../../scripts/runtimes.ts";
import type { Conn } from "../../../src/core/conn.ts";
import type { Network } from "../../../src/core/addr.ts";
import { proxyFromEnv } from "../../../src/proxy/mod.ts";
import { assertEchoes, failureOf } from "../../fakes/proxy/dial_outcome.ts";
import { FakeSocks5 } from "../../fakes/proxy/fake_socks5.ts";
import { startEcho } from "../../fakes/proxy/target.ts";
import { dialerOf } from "../../fakes/dialer_of.ts";

/** Which way each target goes: through the proxy of that address, or itself. */
async function ways(
  env: Record<string, string>,
  targets: readonly (string | [Network, string])[],
): Promise<string[]> {
  const dialed: string[] = [];
  const via = dialerOf((_, address) => {
    dialed.push(address);
    return Promise.reject(Object.assign(new Error("no network"), { code: "ENETUNREACH" }));
  });
  const dialer = proxyFromEnv({ env, via });
  for (const target of targets) {
    const [network, address] = typeof target === "string" ? ["tcp", target] as const : target;
    await assert.rejects((): Promise<Conn> => dialer.dialContext(network, address));
  }
  return dialed;
}

test("proxyFromEnv() goes the way that the environment names, decided for each target", async () => {
  const targets = ["peer.example:4001", "peer.example:80", "192.0.2.1:443"];
  assert.deepEqual(await ways({}, targets), targets);
  const all = { TCP_PROXY: "socks5h://a:1", ALL_PROXY: "socks5h://b:2", HTTPS_PROXY: "c:3" };
  assert.deepEqual(await ways(all, targets), ["a:1", "a:1", "a:1"]);
  const { TCP_PROXY: _, ...two } = all;
  assert.deepEqual(await ways(two, targets), ["b:2", "b:2", "b:2"]);
  assert.deepEqual(await ways({ HTTPS_PROXY: "c:3", HTTP_PROXY: "d:4" }, targets), [
    "c:3",
    "c:3",
    "c:3",
  ]);
  assert.deepEqual(await ways({ HTTP_PROXY: "d:4" }, targets), [targets[0], "d:4", targets[2]]);
  assert.deepEqual(await ways({ all_proxy: "e:5", ALL_PROXY: "b:2" }, ["x:1"]), ["e:5"]);
  const cgi = { HTTP_PROXY: "d:4", REQUEST_METHOD: "GET" };
  assert.deepEqual(await ways(cgi, ["x:80"]), ["x:80"]);
  assert.deepEqual(await ways({ ...cgi, http_proxy: "f:6" }, ["x:80"]), ["f:6"]);
});

test("proxyFromEnv() goes without for what NO_PROXY names, and for unix sockets", async () => {
  const env = { ALL_PROXY: "socks5h://a:1", NO_PROXY: ".internal, 10.0.0.0/8 peer.example:22" };
  const targets = [
    "x.internal:1",
    "10.1.2.3:1",
    "peer.example:22",
    "peer.example:23",
    "11.0.0.1:1",
  ];
  const went = await ways(env, targets);
  assert.deepEqual(went, [...targets.slice(0, 3), "a:1", "a:1"]);
  assert.deepEqual(await ways({ ...env, no_proxy: "*" }, ["[2001:db8::1]:1"]), ["[2001:db8::1]:1"]);
  assert.deepEqual(await ways(env, [["unix", "/run/x"]]), ["/run/x"]);
});

test("proxyFromEnv() never takes a setting that it cannot read for none", async () => {
  for (
    const [env, message] of [
      [
        { ALL_PROXY: "sock5://alice:hunter2@proxy" },
        /environment variable ALL_PROXY: .*unknown scheme/,
      ],
      [{ tcp_proxy: "http://:1" }, /environment variable tcp_proxy: .*missing host/],
      [{ HTTP_PROXY: "http://proxy:x" }, /environment variable HTTP_PROXY: /],
      [{ NO_PROXY: "10.0.0.0/40" }, /environment variable NO_PROXY: /],
      [{ ALL_PROXY: "socks5h://hunter2@proxy" }, /password of the proxy has 0 bytes/],
    ] as const
  ) {
    assert.throws(() => proxyFromEnv({ env }), (error: Error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, message);
      return !error.message.includes("hunter2");
    });
  }
  assert.throws(() => proxyFromEnv({ env: "x" as never }), /^TypeError: env must be/);
  // What cannot be read as an address is no reason to go without a proxy, either.
  const via = dialerOf(() => assert.fail("it was dialed directly"));
  const dialer = proxyFromEnv({ env: { HTTP_PROXY: "http://proxy:1" }, via });
  assert.equal((await failureOf(dialer, "peer.example")).code, "ERR_DIAL_ADDRESS");
});

test("proxyFromEnv() reads its environment whatever the object is made of", async () => {
  const variables = { ALL_PROXY: "socks5h://a:1" };
  class Getter {
    get ALL_PROXY() {
      return "socks5h://a:1";
    }
  }
  const environments: Record<string, unknown> = {
    inherited: Object.create(variables),
    "inherited twice": Object.create(Object.create(variables)),
    "without a prototype": Object.assign(Object.create(null), variables),
    "getters of a class": new Getter(),
    "a Proxy that lists nothing": new Proxy({}, {
      get: (_, name) => Reflect.get(variables, name),
    }),
    "a Proxy": new Proxy(variables, {}),
    "a function": (name: string) => Reflect.get(variables, name),
    frozen: Object.freeze({ ...variables }),
  };
  for (const [what, env] of Object.entries(environments)) {
    assert.deepEqual(await ways(env as Record<string, string>, ["x:1"]), ["a:1"], what);
  }
});

test("proxyFromEnv() refuses an environment that it cannot read", () => {
  const refused: [unknown, RegExp][] = [
    [new Map([["ALL_PROXY", "http://h"]]), /^env must be .*, not a collection$/],
    [["ALL_PROXY=http://h"], /^env must be/],
    [new URLSearchParams("ALL_PROXY=http://h"), /^env must be/],
    [Promise.resolve({ ALL_PROXY: "http://h" }), /^env must be/],
    [{ get: () => "http://h", toObject: () => ({}) }, /^env must be/],
    [null, /^env must be .*, not null$/],
    ["http://u:hunter2@h", /^env must be .*, not a string$/],
    [{ ALL_PROXY: null }, /environment variable ALL_PROXY: it is null, not a string$/],
    [{ http_proxy: new URL("http://u:hunter2@h") }, /http_proxy: it is an object, not a string$/],
    [{ NO_PROXY: 5 }, /NO_PROXY: it is a number/],
    [() => Promise.resolve("http://h"), /no_proxy: it is an object/],
  ];
  for (const [env, message] of refused) {
    assert.throws(() => proxyFromEnv({ env: env as never }), (error: Error) => {
      assert.equal(error.name, "TypeError");
      assert.match(error.message, message);
      return !error.message.includes("hunter2");
    });
  }
  const thrown = new Error("of a getter");
  const env = {
    get ALL_PROXY(): string {
      throw thrown;
    },
  };
  assert.throws(() => proxyFromEnv({ env }), (error) => error === thrown);
});

test("proxyFromEnv() takes process.env, inherited or in the place of the options", async () => {
  const server = await FakeSocks5.listen();
  const before = process.env.TCP_PROXY;
  process.env.TCP_PROXY = `socks5h://${server.address}`;
  try {
    for (
      const dialer of [
        proxyFromEnv(process.env as object),
        proxyFromEnv({ env: process.env }),
        proxyFromEnv({ env: Object.create(process.env) }),
        proxyFromEnv({ env: { ...process.env } }),
      ]
    ) {
      assert.equal(String(dialer), `env(socks5h://${server.address}, system)`);
    }
    assert.throws(() => proxyFromEnv({ ...process.env } as object), /^TypeError: Unknown option/);
  } finally {
    if (before === undefined) delete process.env.TCP_PROXY;
    else process.env.TCP_PROXY = before;
    await server.close();
  }
});

test("proxyFromEnv() reads the process's own environment, once", async () => {
  const echo = await startEcho();
  const server = await FakeSocks5.listen();
  const before = process.env.TCP_PROXY;
  process.env.TCP_PROXY = `socks5h://${server.address}`;
  try {
    const dialer = proxyFromEnv();
    process.env.TCP_PROXY = "nonsense";
    const conn = await dialer.dialContext("tcp", echo.address);
    await assertEchoes(conn);
    assert.equal(conn.hops.length, 1);
    conn.close();
  } finally {
    if (before === undefined) delete process.env.TCP_PROXY;
    else process.env.TCP_PROXY = before;
    await Promise.all([server.close(), echo.close()]);
  }
});

test("proxyFromEnv() says what to allow where Deno may not read the environment", async () => {
  const program = fileURLToPath(new URL("../../children/proxy_from_env.ts", import.meta.url));
  const flags = ["--no-prompt", "--no-check", "--allow-read"];
  const command = (...more: string[]) => [runtimeBinary("deno"), "run", ...flags, ...more, program];
  const options = { cwd: root, limitMs: 30_000, output: "collect" } as const;
  const denied = await runProcess(command(), options);
  assert.match(
    denied.output,
    /^TypeError: Cannot read the proxy settings: no permission to read (tcp_proxy|no_proxy); run with --allow-env=\S+$/m,
  );
  const [, flag] = /(--allow-env=\S+)/.exec(denied.output)!;
  const allowed = await runProcess(command(flag!), options);
  assert.equal(allowed.output.trim(), "", "what it names is enough");
});
