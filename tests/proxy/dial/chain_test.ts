import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { ContextDialer, DialOptions } from "../../../src/core/dialer.ts";
import { httpConnectDialer, socks5Dialer } from "../../../src/proxy/mod.ts";
import { abortAtEvents } from "../../../src/testing/abort_at_events.ts";
import {
  ca,
  expired,
  server as certificate,
  type TestCertificate,
} from "../../certs/certificates.ts";
import { assertEchoes, failureOf, summary } from "../../fakes/proxy/dial_outcome.ts";
import { FakeHttpProxy, type FakeHttpProxyOptions } from "../../fakes/proxy/fake_http_proxy.ts";
import { FakeSocks5, type FakeSocks5Options } from "../../fakes/proxy/fake_socks5.ts";
import { startEcho } from "../../fakes/proxy/target.ts";

const echo = await startEcho();
after(() => echo.close());
const login = { username: "alice", password: "secret" };

/** How each of three hops behaves: HTTP over TLS, HTTP, SOCKS5. */
interface Behaviour {
  https?: FakeHttpProxyOptions;
  http?: FakeHttpProxyOptions;
  socks?: FakeSocks5Options;
  timeoutMs?: number;
}

interface Chain {
  dialer: ContextDialer;
  /** What each hop is called. */
  hops: [https: string, http: string, socks: string];
  servers: [FakeHttpProxy, FakeHttpProxy, FakeSocks5];
}

async function withChain(
  behaviour: Behaviour,
  run: (chain: Chain) => Promise<void>,
): Promise<void> {
  const tls = certificateOf(certificate);
  const https = await FakeHttpProxy.listen({ tls, ...behaviour.https });
  const http = await FakeHttpProxy.listen({ login: "alice:secret", ...behaviour.http });
  const socks = await FakeSocks5.listen({ login, ...behaviour.socks });
  const first = httpConnectDialer({ server: https.address, tls: { ca: ca.cert } });
  const second = httpConnectDialer({ server: http.address, credentials: login, via: first });
  const { timeoutMs } = behaviour;
  const dialer = socks5Dialer({
    ...{ server: socks.address, credentials: login, via: second, timeoutMs },
  });
  try {
    await run({
      dialer,
      hops: [
        `https://${https.address}`,
        `http://***@${http.address}`,
        `socks5h://***@${socks.address}`,
      ],
      servers: [https, http, socks],
    });
    for (const server of [https, http, socks]) assert.deepEqual(server.faults, []);
  } finally {
    await Promise.all([https.close(), http.close(), socks.close()]);
  }
}

function certificateOf({ cert, key }: TestCertificate): { cert: string; key: string } {
  return { cert, key };
}

test("SOCKS over HTTP over TLS: bytes pass three hops, and the connection names them in order", async () => {
  await withChain({}, async ({ dialer, hops, servers }) => {
    assert.equal(String(dialer), hops.join(", "));
    const conn = await dialer.dialContext("tcp", `localhost:${echo.port}`);
    await assertEchoes(conn);
    assert.deepEqual(conn.remoteAddr, { transport: "tcp", hostname: "localhost", port: echo.port });
    assert.deepEqual(
      conn.hops,
      servers.map(({ port }) => ({ transport: "tcp", hostname: "127.0.0.1", port })),
    );
    const { report } = conn;
    assert.equal(report.outcome, "ok");
    assert.equal(report.detail, `via ${hops.join(", ")}`);
    conn.close();
    await Promise.all(servers.map((server) => server.idle()));
  });
});

test("a chain that fails names the hop that did, and blames no proxy for the target", async () => {
  const refusal = () => "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n";
  const cases: [Behaviour, hop: 0 | 1 | 2, code: string, phase: string, blame?: string][] = [
    [{ https: { answer: refusal } }, 0, "ERR_PROXY_AUTH_REQUIRED", "proxy", "proxy"],
    [{ http: { answer: refusal } }, 1, "ERR_PROXY_AUTH_FAILED", "proxy", "proxy"],
    [{ socks: { reply: 7 } }, 2, "ERR_PROXY_COMMAND_UNSUPPORTED", "proxy", "proxy"],
    [{ socks: { reply: 5 } }, 2, "ERR_PROXY_TARGET_REFUSED", "proxy", "target"],
    [
      { socks: { login: { ...login, password: "x" } } },
      2,
      "ERR_PROXY_AUTH_FAILED",
      "proxy",
      "proxy",
    ],
    [{ https: { closes: true } }, 0, "ERR_PROXY_CLOSED", "proxy", "proxy"],
    [{ http: { closes: true } }, 1, "ERR_PROXY_CLOSED", "proxy", "proxy"],
    // Only the last one is asked for the target.
    [{ socks: { closesAfter: "credentials" } }, 2, "ERR_PROXY_CLOSED", "proxy", "proxy"],
    [{ socks: { closesAfter: "request" } }, 2, "ERR_PROXY_CLOSED", "proxy", undefined],
    [{ https: { tls: certificateOf(expired) } }, 0, "CERT_HAS_EXPIRED", "tls", "proxy"],
  ];
  for (const [behaviour, index, code, phase, blame] of cases) {
    await withChain(behaviour, async ({ dialer, hops }) => {
      const error = await failureOf(dialer, echo.address);
      const expected = { code, phase, hop: hops[index], blame };
      assert.deepEqual(summary(error), expected as never);
      assert.equal(error.via, hops.join(", "));
      const [, said] = error.message.split(` via ${hops.join(", ")}: `);
      assert.ok(said?.startsWith(`${hops[index]}: `), error.message);
      assert.equal(said.split(hops[index]!).length, 2, `it is named once: ${error.message}`);
    });
  }
});

test("a proxy that its predecessor cannot reach is the one that failed", async () => {
  for (const [index, name] of (["http", "socks"] as const).entries()) {
    await withChain({}, async ({ dialer, hops, servers }) => {
      await servers[index + 1]!.close();
      const error = await failureOf(dialer, echo.address);
      assert.deepEqual(summary(error), {
        ...{ code: "ERR_PROXY_TARGET_REFUSED", phase: "proxy", blame: "proxy" },
        hop: hops[index + 1],
      });
      assert.match(error.message, /: cannot reach the proxy: .*proxy refused \(502/, name);
      await servers[index + 1]!.listen();
    });
  }
});

test("one limit holds over a chain, and names the hop that did not answer", async () => {
  const cases: [Behaviour, hop: 0 | 1 | 2, blame: string][] = [
    // It may be waiting for the next one, so it is the next one that is named.
    [{ https: { silent: true } }, 1, "proxy"],
    [{ http: { silent: true } }, 2, "proxy"],
    [{ socks: { stallsAfter: "greeting" } }, 2, "proxy"],
    [{ socks: { stallsAfter: "credentials" } }, 2, "proxy"],
    [{ socks: { stallsAfter: "request" } }, 2, "target"],
  ];
  for (const [behaviour, index, blame] of cases) {
    await withChain({ ...behaviour, timeoutMs: 250 }, async ({ dialer, hops, servers }) => {
      const begin = performance.now();
      const error = await failureOf(dialer, echo.address);
      assert.ok(performance.now() - begin < 2_000);
      const expected = { code: "ETIMEDOUT", phase: "proxy", hop: hops[index], blame };
      assert.deepEqual(summary(error), expected as never);
      assert.match(error.message, /: timed out after 250 ms waiting for the proxy's answer$/);
      assert.ok(error.message.includes(`: ${hops[index]}: timed out`), error.message);
      await Promise.all(servers.map((server) => server.idle()));
    });
  }
});

test("a hop that waits for its own credentials is named, and nobody is blamed", async () => {
  await withChain({}, async ({ servers: [, http, socks] }) => {
    const credentials = () => new Promise<typeof login>(() => {});
    const via = httpConnectDialer({ server: http.address, credentials, timeoutMs: 60 });
    const error = await failureOf(socks5Dialer({ server: socks.address, via }), echo.address);
    const hop = `http://***@${http.address}`;
    assert.deepEqual(summary(error), { code: "ETIMEDOUT", phase: "proxy", hop, blame: undefined });
  });
});

test("an abort at every event of a chain rejects with the reason and frees every hop", async () => {
  await withChain({}, async ({ dialer, servers }) => {
    const dial = (options: DialOptions) => dialer.dialContext("tcp", echo.address, options);
    await abortAtEvents(dial, ({ at, reason, ended, outcome }) => {
      if (ended) assert.ok(at > 16 && outcome === undefined, "a chain of three has many events");
      else assert.equal(outcome, reason);
    });
    await Promise.all(servers.map((server) => server.idle()));
  });
});
