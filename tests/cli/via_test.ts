import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { FakeHttpProxy } from "../fakes/proxy/fake_http_proxy.ts";
import { FakeSocks5 } from "../fakes/proxy/fake_socks5.ts";
import { startEcho, type Target } from "../fakes/proxy/target.ts";
import { assertOneLine, runCli, runCliWith, startCli } from "./cli_process.ts";

interface Ends {
  readonly socks: FakeSocks5;
  readonly http: FakeHttpProxy;
  readonly target: Target;
}

const login = { username: "alice", password: "s3cret" };

async function withProxies(run: (ends: Ends) => Promise<void>): Promise<void> {
  const target = await startEcho();
  const socks = await FakeSocks5.listen({ login });
  const http = await FakeHttpProxy.listen();
  try {
    await run({ socks, http, target });
    assert.deepEqual([socks.faults, http.faults], [[], []]);
  } finally {
    await http.close();
    await socks.close();
    await target.close();
  }
}

test("dial --via carries standard input and output through a chain of proxies", async () => {
  await withProxies(async ({ socks, http, target }) => {
    const chain = [
      "--via",
      `http://${http.address}`,
      "--via",
      `socks5h://alice:s3cret@${socks.address}`,
    ];
    const { child, result } = startCli(["dial", ...chain, target.address]);
    child.stdin.end("through two proxies\n");
    const { code, stdout, stderr } = await result;
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(new TextDecoder().decode(stdout), "through two proxies\n");
    assert.deepEqual([http.connections, socks.connections, target.seen], [1, 1, 1]);
  });
});

test("--handshake says whether a SOCKS5 handshake is one flight or step by step", async () => {
  await withProxies(async ({ socks, target }) => {
    const via = ["--via", `socks5h://alice:s3cret@${socks.address}`];
    for (const order of ["sequential", "pipelined"]) {
      const args = [...via, "--handshake", order, target.address];
      assert.equal((await runCli("probe", ...args)).code, 0);
    }
    assert.deepEqual(socks.requests.map(({ pipelined }) => pipelined), [false, true]);
  });
});

test("--via @FILE reads a chain from a file, and check does as well", async () => {
  await withProxies(async ({ socks, http, target }) => {
    const directory = await mkdtemp(join(tmpdir(), "anydial-"));
    const file = join(directory, "proxies");
    const url = `socks5h://alice:s3cret@${socks.address}`;
    await writeFile(file, `# the way out\nhttp://${http.address}\n\n${url}\n`);
    const { code, stderr } = await runCli("probe", "--via", `@${file}`, target.address);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual([http.connections, socks.connections, target.seen], [1, 1, 1]);
    assert.equal((await runCli("check", `@${file}`)).code, 0);
    await writeFile(file, "# none\n");
    const none = await runCli("probe", "--via", `@${file}`, target.address);
    assert.equal(none.code, 2);
    assertOneLine(none.stderr, /The file of proxy URLs has none/);
    await rm(directory, { recursive: true });
    const missing = await runCli("probe", "--via", `@${file}`, target.address);
    assert.equal(missing.code, 2);
    assertOneLine(missing.stderr, /Cannot read the file of proxy URLs: ENOENT/);
  });
});

test("--via env takes the proxy of the environment, and NO_PROXY's targets directly", async () => {
  await withProxies(async ({ socks, http, target }) => {
    const cleared = Object.keys(process.env).filter((name) => /_proxy$/i.test(name));
    const environment = {
      ...Object.fromEntries(cleared.map((name) => [name, ""])),
      ALL_PROXY: `socks5h://alice:s3cret@${socks.address}`,
    };
    const args = ["probe", "--via", "env", target.address];
    assert.equal((await runCliWith(environment, ...args)).code, 0);
    assert.deepEqual([http.connections, socks.connections, target.seen], [0, 1, 1]);
    const exempt = { ...environment, NO_PROXY: "127.0.0.1" };
    assert.equal((await runCliWith(exempt, ...args)).code, 0);
    assert.deepEqual([socks.connections, target.seen], [1, 2]);
    const first = ["--via", `http://${http.address}`];
    assert.equal((await runCliWith(environment, "probe", ...first, ...args.slice(1))).code, 0);
    assert.deepEqual([http.connections, socks.connections, target.seen], [1, 2, 3]);
    const bad = await runCliWith({ ...environment, ALL_PROXY: "ftp://alice:s3cret@h" }, ...args);
    assert.equal(bad.code, 2);
    assertOneLine(bad.stderr, /environment variable ALL_PROXY: .*unknown scheme "ftp"/);
    assert.doesNotMatch(bad.stderr, /s3cret/);
  });
});

test("probe --via prints the handshake, and no secret", async () => {
  await withProxies(async ({ socks, target }) => {
    const { code, stdout, stderr } = await runCli(
      "probe",
      "--via",
      `socks5h://alice:s3cret@${socks.address}`,
      target.address,
    );
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /✓ handshake socks5 127\.0\.0\.1:\d+: done/);
    assert.doesNotMatch(stdout, /alice|s3cret/);
  });
});

test("probe --via tells a proxy that is down from a target that is down", async () => {
  await withProxies(async ({ socks }) => {
    const down = await runCli(
      "probe",
      "--via",
      "socks5h://alice:s3cret@127.0.0.1:1",
      "peer.example:4001",
    );
    assert.equal(down.code, 1);
    assertOneLine(down.stderr, /via socks5h:\/\/\*\*\*@127\.0\.0\.1:1: cannot reach the proxy/);
    const url = `socks5h://alice:s3cret@${socks.address}`;
    const refused = await runCli("probe", "--via", url, "127.0.0.1:1");
    assert.equal(refused.code, 1);
    assertOneLine(refused.stderr, /proxy refused \(0x05 connection refused\)/);
  });
});

test("--via with a URL that cannot be read is misuse, and shows no secret", async () => {
  const { code, stderr } = await runCli("dial", "--via", "sock5://alice:s3cret@h:1", "127.0.0.1:1");
  assert.equal(code, 2);
  assertOneLine(stderr, /unknown scheme "sock5"/);
  assert.doesNotMatch(stderr, /s3cret/);
});

test("check says that a proxy works, by default as far as the credentials", async () => {
  await withProxies(async ({ socks, target }) => {
    const url = `socks5h://alice:s3cret@${socks.address}`;
    const handshake = await runCli("check", url);
    assert.equal(handshake.code, 0);
    assert.match(handshake.stdout, /^socks5h:\/\/\*\*\*@127\.0\.0\.1:\d+: works \(handshake\)\n/);
    assert.match(handshake.stdout, /\n {2}tcp +[\d.]+ ms\n {2}handshake +[\d.]+ ms\n$/);
    assert.equal(target.seen, 0);
    const tunnel = await runCli("check", "--target", target.address, url);
    assert.equal(tunnel.code, 0);
    assert.match(tunnel.stdout, /: works \(tunnel\)\n/);
    assert.match(tunnel.stdout, /\n {2}tunnel +[\d.]+ ms\n$/);
    assert.equal(target.seen, 1);
  });
});

test("check says what does not work, how far it does, and who is to blame", async () => {
  await withProxies(async ({ socks }) => {
    const wrong = await runCli("check", `socks5h://alice:wrong@${socks.address}`);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stdout, /does not work \(handshake\); works as far as: tcp\n/);
    assert.match(wrong.stdout, /\n {2}to blame: the proxy\n$/);
    assert.doesNotMatch(wrong.stdout, /alice|wrong/);
    const url = `socks5h://alice:s3cret@${socks.address}`;
    const refused = await runCli("check", "--target", "127.0.0.1:1", "--json", url);
    assert.equal(refused.code, 1);
    const result = JSON.parse(refused.stdout);
    assert.deepEqual([result.ok, result.level, result.works, result.blame], [
      false,
      "tunnel",
      "handshake",
      "target",
    ]);
    assert.equal(result.error.code, "ERR_PROXY_TARGET_REFUSED");
    assert.equal(result.durationMs, Math.round(result.durationMs * 1e3) / 1e3);
    assert.equal(result.proxy, `socks5h://***@${socks.address}`);
  });
});

test("check blames nobody where the proxy hangs up on the target", async () => {
  const proxy = await FakeHttpProxy.listen({ closes: true });
  const args = ["check", "--target", "peer.example:1", `http://${proxy.address}`];
  const { code, stdout } = await runCli(...args);
  assert.equal(code, 1);
  assert.match(stdout, /does not work \(tunnel\); works as far as: tcp\n/);
  assert.match(stdout, /\n {2}to blame: the proxy or the target, it does not say which\n$/);
  const result = JSON.parse((await runCli(...args, "--json")).stdout);
  assert.deepEqual([result.works, result.error.code], ["tcp", "ERR_PROXY_CLOSED"]);
  assert.ok(!("blame" in result), result.blame);
  await proxy.close();
});

test("check of what cannot be read is misuse", async () => {
  for (
    const [args, message] of [
      [
        ["--level", "deep", "http://127.0.0.1:1"],
        /--level must be tcp, handshake or tunnel \(see/,
      ],
      [["--level", "tunnel", "http://127.0.0.1:1"], /--level tunnel needs --target HOST:PORT/],
      [["--target", "nowhere", "http://127.0.0.1:1"], /--target "nowhere" is unusable: missing/],
      [["env"], /PROXY must be a URL or @FILE, not env/],
      [["ftp://127.0.0.1:1"], /unknown scheme "ftp"/],
    ] as const
  ) {
    const { code, stderr } = await runCli("check", ...args);
    assert.equal(code, 2);
    assertOneLine(stderr, message);
  }
});
