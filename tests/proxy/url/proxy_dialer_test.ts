import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { systemDialer } from "../../../adapters/system.ts";
import { proxyDialer } from "../../../src/proxy/mod.ts";
import { ca, server as certificate } from "../../certs/certificates.ts";
import { assertEchoes, failureOf } from "../../fakes/proxy/dial_outcome.ts";
import { FakeHttpProxy } from "../../fakes/proxy/fake_http_proxy.ts";
import { FakeSocks4 } from "../../fakes/proxy/fake_socks4.ts";
import { FakeSocks5 } from "../../fakes/proxy/fake_socks5.ts";
import { startEcho } from "../../fakes/proxy/target.ts";
import { dialerOf } from "../../fakes/dialer_of.ts";

const echo = await startEcho();
after(() => echo.close());
const name = `localhost:${echo.port}`;

test("proxyDialer() makes a dialer of each scheme, and says where names are looked up", async () => {
  const login = { username: "al:ice", password: "p@ss w/ord" };
  const userInfo = "al%3Aice:p%40ss%20w%2ford";
  const directory = mkdtempSync(join(tmpdir(), "anydial-url-"));
  const path = join(directory, "a socket");
  const tls = { cert: certificate.cert, key: certificate.key };
  const socks5 = await FakeSocks5.listen({ login });
  const socks4 = await FakeSocks4.listen({ userId: "alice" });
  const http = await FakeHttpProxy.listen({ login: "alice:p@ss" });
  const https = await FakeHttpProxy.listen({ tls });
  const unix = await FakeSocks5.listen({ path });
  const resolver = {
    lookup: (_: string, { family }: { family: 4 | 6 }) =>
      Promise.resolve(family === 4 ? ["127.0.0.1"] : []),
  };
  const quoted = path.replace(" ", "%20");
  const cases = [
    [`socks5h://${userInfo}@${socks5.address}`, socks5, "localhost"],
    [`socks5://${userInfo}@${socks5.address}`, socks5, "127.0.0.1"],
    [`socks4a://alice@${socks4.address}`, socks4, "localhost"],
    [`socks4://alice@${socks4.address}`, socks4, "127.0.0.1"],
    [`http://alice:p%40ss@${http.address}`, http, name],
    [`https://localhost:${https.port}`, https, name],
    [`socks5h+unix://${quoted}`, unix, "localhost"],
  ] as const;
  try {
    for (const [url, server, asked] of cases) {
      const dialer = proxyDialer(url, { resolver, tls: { ca: ca.cert } });
      assert.equal(String(dialer), url.replace(/[^/]*@/, "***@"), "it round-trips, redacted");
      const conn = await dialer.dialContext("tcp", name);
      await assertEchoes(conn);
      conn.close();
      const request = server.requests.at(-1)!;
      assert.equal("host" in request ? request.host : request.authority, asked);
      assert.deepEqual(server.faults, []);
    }
  } finally {
    await Promise.all([socks5, socks4, http, https, unix].map((server) => server.close()));
    rmSync(directory, { recursive: true });
  }
});

test("proxyDialer() chains several in the order in which the bytes travel, from its own dialer on", async () => {
  const first = await FakeHttpProxy.listen();
  const second = await FakeSocks5.listen();
  const dialed: string[] = [];
  const system = systemDialer();
  const via = dialerOf((network, address, options) => {
    dialed.push(address);
    return system.dialContext(network, address, options);
  });
  const urls = [`http://${first.address}`, `socks5h://${second.address}`];
  const dialer = proxyDialer(urls, { via });
  assert.equal(String(dialer), urls.join(", "));
  const conn = await dialer.dialContext("tcp", name);
  await assertEchoes(conn);
  assert.deepEqual(conn.hops.map((hop) => hop.transport === "tcp" && hop.port), [
    first.port,
    second.port,
  ]);
  conn.close();
  assert.deepEqual(dialed, [first.address]);
  assert.equal(first.requests[0]!.authority, second.address);
  await Promise.all([first.close(), second.close()]);
});

test("proxyDialer() passes its options on", async () => {
  const server = await FakeSocks5.listen({ stallsAfter: "greeting" });
  const dialer = proxyDialer(`socks5h://${server.address}`, { timeoutMs: 50, isolation: "dial" });
  assert.match(String(dialer), /^socks5h:\/\/\*\*\*@/);
  assert.equal((await failureOf(dialer, name)).code, "ETIMEDOUT");
  await server.close();
  const http = await FakeHttpProxy.listen();
  const withField = proxyDialer(`http://${http.address}`, { headers: { "X-Key": "value" } });
  (await withField.dialContext("tcp", name)).close();
  assert.ok(http.requests[0]!.fields.some(([field]) => field === "x-key"));
  await http.close();
});

test("proxyDialer() refuses what it cannot use, and shows no user info", () => {
  const bad: [unknown, Record<string, unknown>, RegExp][] = [
    [
      "sock5://proxy",
      {},
      /^Cannot parse proxy URL "sock5:\/\/proxy": unknown scheme "sock5": it must be socks5, socks5h, /,
    ],
    ["127.0.0.1:1080", {}, /missing scheme/],
    [[], {}, /must be a proxy, not an empty list/],
    [undefined, {}, /must be a URL, or an array of URLs/],
    [[1], {}, /not a string/],
    [
      "socks5://alice-hunter2@proxy",
      {},
      /^Cannot use proxy "socks5:\/\/\*\*\*@proxy:1080": the password of the proxy has 0 bytes/,
    ],
    ["http://proxy", { isolation: "dial" }, /"http:\/\/proxy:80": isolation is for SOCKS5/],
    ["socks5h://a:hunter2@proxy", { isolation: "dial" }, /exclude each other/],
    ["http://proxy", { timeoutMs: -1 }, /timeoutMs must be between/],
    ["http://proxy", { via: 1 }, /via must be a dialer/],
    ["https://proxy", { tls: { ca: "x" } }, /ca is no certificate/],
  ];
  for (const [url, options, message] of bad) {
    assert.throws(() => proxyDialer(url as string, options), (error: Error) => {
      assert.ok(error instanceof TypeError || error instanceof RangeError);
      assert.match(error.message, message);
      return !error.message.includes("hunter2");
    });
  }
});
