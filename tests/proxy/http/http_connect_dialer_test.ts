import assert from "node:assert/strict";
import { after, test } from "node:test";
import { systemDialer } from "../../../adapters/system.ts";
import { httpConnectDialer, ProxyRefusedError } from "../../../src/proxy/mod.ts";
import { rejectionOf } from "../../../src/testing/reason_of.ts";
import { WatchedSignal } from "../../../src/testing/watched_signal.ts";
import { ca, client, expired, selfSigned, server, wrongName } from "../../certs/certificates.ts";
import { assertEchoes, failureOf, summary } from "../../fakes/proxy/dial_outcome.ts";
import { FakeHttpProxy, type FakeHttpProxyOptions } from "../../fakes/proxy/fake_http_proxy.ts";
import { startEcho } from "../../fakes/proxy/target.ts";
import { dialerOf } from "../../fakes/dialer_of.ts";

const echo = await startEcho();
after(() => echo.close());
const credentials = { username: "alice", password: "open sesame" };

async function withProxy(
  options: FakeHttpProxyOptions,
  run: (proxy: FakeHttpProxy) => Promise<void>,
): Promise<void> {
  const proxy = await FakeHttpProxy.listen(options);
  try {
    await run(proxy);
    assert.deepEqual(proxy.faults, []);
  } finally {
    await proxy.close();
  }
}

test("httpConnectDialer() makes a tunnel, with credentials and own fields", async () => {
  await withProxy({ login: "alice:open sesame" }, async (proxy) => {
    const dialer = httpConnectDialer({
      ...{ server: proxy.address, credentials, headers: { "User-Agent": "anydial" } },
    });
    const conn = await dialer.dialContext("tcp", echo.address);
    await assertEchoes(conn);
    assert.deepEqual(conn.remoteAddr, { transport: "tcp", hostname: "127.0.0.1", port: echo.port });
    assert.deepEqual(conn.hops, [{ transport: "tcp", hostname: "127.0.0.1", port: proxy.port }]);
    conn.close();
    assert.deepEqual(proxy.requests, [{
      authority: echo.address,
      fields: [
        ["host", echo.address],
        ["user-agent", "anydial"],
        ["proxy-authorization", `Basic ${btoa("alice:open sesame")}`],
      ],
    }]);
  });
});

test("httpConnectDialer() writes IPv6 in brackets, names as A-labels, and the port always", async () => {
  await withProxy({ answer: () => "HTTP/1.1 502 No\r\n\r\n" }, async (proxy) => {
    const dialer = httpConnectDialer({ server: proxy.address });
    for (const address of ["[2001:db8::1]:80", "bücher.example:443", "192.0.2.1:1"]) {
      await failureOf(dialer, address);
    }
    const authorities = proxy.requests.map(({ authority }) => authority);
    assert.deepEqual(authorities, ["[2001:db8::1]:80", "xn--bcher-kva.example:443", "192.0.2.1:1"]);
  });
});

test("httpConnectDialer() lets no target smuggle anything in", async () => {
  await withProxy({}, async (proxy) => {
    const dialer = httpConnectDialer({ server: proxy.address });
    for (
      const address of ["a b:1", "a\r\nX: y:1", "a\0:1", "a/b:1", "a@b:1", "a#:1", "[::1%a b]:1"]
    ) {
      assert.equal((await failureOf(dialer, address)).code, "ERR_DIAL_ADDRESS");
    }
    assert.equal(proxy.connections, 0);
  });
});

for (
  const [answer, code, blame] of [
    ["403 Forbidden", "ERR_PROXY_TARGET_NOT_ALLOWED", "target"],
    ["405 Method Not Allowed", "ERR_PROXY_COMMAND_UNSUPPORTED", "proxy"],
    ["407 Proxy Authentication Required", "ERR_PROXY_AUTH_REQUIRED", "proxy"],
    ["429 Too Many Requests", "ERR_PROXY_OVERLOADED", "proxy"],
    ["502 Bad Gateway", "ERR_PROXY_TARGET_FAILED", "target"],
    ["503 Service Unavailable\r\nRetry-After: 5", "ERR_PROXY_OVERLOADED", "proxy"],
    ["504 Gateway Timeout", "ERR_PROXY_TARGET_TIMEOUT", "target"],
    ["302 Found", "ERR_PROXY_REPLY", "proxy"],
  ] as const
) {
  test(`httpConnectDialer() takes ${answer.slice(0, 3)} for ${code}, and blames the ${blame}`, async () => {
    const full = `HTTP/1.1 ${answer}\r\nContent-Length: 4\r\n\r\nbody`;
    await withProxy({ answer: () => full }, async (proxy) => {
      const error = await failureOf(httpConnectDialer({ server: proxy.address }), echo.address);
      const hop = `http://${proxy.address}`;
      assert.deepEqual(summary(error), { code, phase: "proxy", hop, blame });
      assert.ok(error.cause instanceof ProxyRefusedError);
      const { reply } = error.cause;
      assert.ok(reply.protocol === "http-connect");
      assert.deepEqual([reply.status, reply.excerpt], [Number(answer.slice(0, 3)), "body"]);
      assert.ok(
        error.message.includes(`proxy refused (${answer.split("\r\n")[0]})`),
        error.message,
      );
      await proxy.idle();
    });
  });
}

test("a 407 keeps its status, its challenges and a bounded excerpt, and no credentials", async () => {
  const page = `no entry for alice with open sesame ${btoa("alice:open sesame")} ${
    "x".repeat(9_000)
  }`;
  const answer = [
    "HTTP/1.1 407 Proxy Authentication Required",
    'Proxy-Authenticate: Basic realm="the office"',
    "Proxy-Authenticate: Negotiate",
    `Content-Length: ${page.length}`,
  ].join("\r\n") + `\r\n\r\n${page}`;
  await withProxy({ answer: () => answer, keepsOpen: true }, async (proxy) => {
    const dialer = httpConnectDialer({ server: proxy.address, credentials });
    const error = await failureOf(dialer, echo.address);
    assert.equal(error.code, "ERR_PROXY_AUTH_FAILED");
    const { reply } = error.cause as ProxyRefusedError;
    assert.ok(reply.protocol === "http-connect");
    assert.deepEqual(reply.challenges, ['Basic realm="the office"', "Negotiate"]);
    assert.match(reply.excerpt, /^no entry for \*\*\* with \*\*\* \*\*\*=* xxx/);
    assert.ok(reply.excerpt.length <= 512);
  });
});

test("httpConnectDialer() does not wait for an excerpt that does not come", async () => {
  const answer = "HTTP/1.1 502 No\r\nContent-Length: 100\r\n\r\nhalf of";
  await withProxy({ answer: () => answer, keepsOpen: true }, async (proxy) => {
    const begin = performance.now();
    const error = await failureOf(httpConnectDialer({ server: proxy.address }), echo.address);
    assert.ok(performance.now() - begin < 2_000);
    const { reply } = error.cause as ProxyRefusedError;
    assert.equal(reply.protocol === "http-connect" && reply.excerpt, "half of");
    await proxy.idle();
  });
});

test("httpConnectDialer() takes any 2xx for a tunnel, and skips what comes before it", async () => {
  for (
    const established of [
      "HTTP/1.0 200\r\n\r\n",
      "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ]
  ) {
    await withProxy({ established }, async (proxy) => {
      const dialer = httpConnectDialer({ server: proxy.address });
      const conn = await dialer.dialContext("tcp", echo.address);
      await assertEchoes(conn);
      conn.close();
    });
  }
});

test("httpConnectDialer() takes nothing else for an answer", async () => {
  for (
    const answer of [
      "SSH-2.0-OpenSSH_9.2\r\n",
      "\x05\x00",
      "HTTP/2 200 OK\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      `HTTP/1.1 200 OK\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
      "HTTP/1.1 200 OK\r\nno field\r\n\r\n",
    ]
  ) {
    await withProxy({ answer: () => answer, keepsOpen: true }, async (proxy) => {
      const error = await failureOf(httpConnectDialer({ server: proxy.address }), echo.address);
      assert.equal(error.code, "ERR_PROXY_PROTOCOL");
      assert.equal(error.blame, "proxy");
      await proxy.idle();
    });
  }
});

test("httpConnectDialer(): a proxy that says nothing, or hangs up", async () => {
  await withProxy({ silent: true }, async (proxy) => {
    const hop = `http://${proxy.address}`;
    const limited = httpConnectDialer({ server: proxy.address, timeoutMs: 60 });
    const error = await failureOf(limited, echo.address);
    // It may be waiting for the target.
    assert.deepEqual(summary(error), { code: "ETIMEDOUT", phase: "proxy", hop, blame: "target" });
    const watched = new WatchedSignal();
    const reason = new Error("enough");
    const dial = httpConnectDialer({ server: proxy.address }).dialContext("tcp", echo.address, {
      signal: watched.signal,
      onEvent: ({ type }) =>
        type === "handshake-start" && setTimeout(() => watched.abort(reason), 20),
    });
    assert.equal(await rejectionOf(dial), reason);
    assert.equal(watched.listeners, 0);
    await proxy.idle();
  });
  for (const resets of [false, true]) {
    await withProxy({ closes: true, resets }, async (proxy) => {
      const error = await failureOf(httpConnectDialer({ server: proxy.address }), echo.address);
      assert.match(error.code, resets ? /^(ECONNRESET|ERR_PROXY_CLOSED)$/ : /^ERR_PROXY_CLOSED$/);
      // The target may be down: some say so in no other way.
      assert.deepEqual([error.phase, error.blame], ["proxy", undefined]);
      assert.match(error.message, / before it answered the request, as some do when they cannot/);
    });
  }
  await withProxy({ answer: () => "HTTP/1.1 200 OK\r\nVia: x" }, async (proxy) => {
    const hop = `http://${proxy.address}`;
    const error = await failureOf(httpConnectDialer({ server: proxy.address }), echo.address);
    const blamed = { code: "ERR_PROXY_CLOSED", phase: "proxy", hop, blame: "proxy" } as const;
    assert.deepEqual(summary(error), blamed);
    assert.match(error.message, /: proxy closed the connection while it answered the request$/);
  });
});

test("httpConnectDialer(): a proxy that hangs up behind TLS, or is gone, or sends an alert", async () => {
  const tls = { cert: server.cert, key: server.key };
  for (const resets of [false, true]) {
    await withProxy({ tls, closes: true, resets }, async (proxy) => {
      const dialer = httpConnectDialer({ server: proxy.address, tls: { ca: ca.cert } });
      const error = await failureOf(dialer, echo.address);
      assert.match(error.code, resets ? /^(ECONNRESET|ERR_PROXY_CLOSED)$/ : /^ERR_PROXY_CLOSED$/);
      assert.deepEqual([error.phase, error.blame], ["proxy", undefined], error.message);
    });
  }
  // No target makes a proxy unreachable, or has it send alerts.
  for (
    const [code, expected, says] of [
      ["ETIMEDOUT", "ETIMEDOUT", "proxy broke off (timed out) before it answered the request"],
      [
        "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "ERR_PROXY_CLOSED",
        "proxy closed the connection before it answered the request",
      ],
    ] as const
  ) {
    await withProxy({ silent: true }, async (proxy) => {
      const via = dialerOf(async (network, address, options) => {
        const conn = await systemDialer().dialContext(network, address, options);
        conn.read = () => Promise.reject(Object.assign(new Error("broken"), { code }));
        return conn;
      });
      const error = await failureOf(
        httpConnectDialer({ server: proxy.address, via }),
        echo.address,
      );
      assert.deepEqual([error.code, error.blame, error.reason], [expected, "proxy", says]);
      assert.equal((error.cause as Error).message, "broken");
    });
  }
});

test("httpConnectDialer() makes TLS with an https proxy, its own certificate included", async () => {
  const identity = { cert: client.cert, key: client.key };
  const tls = { cert: server.cert, key: server.key, ca: ca.cert, requestCert: true };
  await withProxy({ tls: { ...tls, rejectUnauthorized: true } }, async (proxy) => {
    const address = `localhost:${proxy.port}`;
    const dialer = httpConnectDialer({ server: address, tls: { ca: ca.cert, ...identity } });
    assert.equal(String(dialer), `https://${address}`);
    const conn = await dialer.dialContext("tcp", echo.address);
    await assertEchoes(conn);
    assert.equal(conn.hops.length, 1);
    conn.close();
    const anonymous = httpConnectDialer({ server: address, tls: { ca: ca.cert } });
    assert.equal((await failureOf(anonymous, echo.address)).blame, "proxy");
  });
});

for (
  const [what, certificate, code] of [
    ["an expired certificate", expired, "CERT_HAS_EXPIRED"],
    ["one for another name", wrongName, "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["one that nobody signed", selfSigned, "DEPTH_ZERO_SELF_SIGNED_CERT"],
  ] as const
) {
  test(`httpConnectDialer() refuses a proxy with ${what}`, async () => {
    const { cert, key } = certificate;
    await withProxy({ tls: { cert, key } }, async (proxy) => {
      const dialer = httpConnectDialer({ server: proxy.address, tls: { ca: ca.cert } });
      const error = await failureOf(dialer, echo.address);
      const hop = `https://${proxy.address}`;
      assert.deepEqual(summary(error), { code, phase: "tls", hop, blame: "proxy" });
      assert.match(error.message, /: cannot reach the proxy: .*certificate/);
      assert.deepEqual(proxy.requests, [], "it is told nothing");
    });
  });
}

test("httpConnectDialer() checks the certificate for the name that it is given", async () => {
  const { cert, key } = wrongName;
  await withProxy({ tls: { cert, key } }, async (proxy) => {
    const tls = { ca: ca.cert, serverName: "wrong.example" };
    const dialer = httpConnectDialer({ server: proxy.address, tls });
    (await dialer.dialContext("tcp", echo.address)).close();
  });
});

test("httpConnectDialer() refuses unusable options by name, and shows no secret", () => {
  const server = "127.0.0.1:8080";
  const bad: [Record<string, unknown>, RegExp][] = [
    [
      { server: "https://alice:hunter2@proxy" },
      /not "https:\/\/\*\*\*@proxy": proxyDialer takes URLs$/,
    ],
    [{ server, headers: { "X Y": "z" } }, /^the name of header field 1 is not/],
    [{ server, headers: { "X-Key": "hunter2\r\nX: y" } }, /^the value of header field 1 has/],
    [{ server, headers: null }, /^headers must be an object, or pairs/],
    [{ server, headers: "X-Key: hunter2" }, /^headers must be an object, or pairs/],
    [{ server, headers: [["X-Key"]] }, /^the value of header field 1 has/],
    [{ server, headers: { Host: "x" } }, /^header field 1 .* cannot be set: Host/],
    [{ server, credentials: { username: "a:b", password: "hunter2" } }, /has a colon/],
    [{ server, credentials: { username: "a", password: "hunter2\n" } }, /control character/],
    [{ server, headers: { "Proxy-Authorization": "Bearer hunter2" }, credentials }, /both/],
    [{ server, tls: "yes" }, /^tls must be a boolean or options/],
    [{ server, tls: { ca: "hunter2" } }, /^ca is no certificate/],
  ];
  for (const [options, message] of bad) {
    assert.throws(() => httpConnectDialer(options as never), (error: Error) => {
      assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
      assert.match(error.message, message);
      assert.ok(!error.message.includes("hunter2"), error.message);
      return true;
    });
  }
});
