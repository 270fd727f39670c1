import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { ContextDialer } from "../../../src/core/dialer.ts";
import {
  checkProxy,
  httpConnectDialer,
  proxyDialer,
  proxyFromEnv,
  socks4Dialer,
  socks5Dialer,
  withProxyProtocol,
} from "../../../src/proxy/mod.ts";
import { dialMultiaddr } from "../../../src/multiaddr/dial_multiaddr.ts";
import { nodeConnector } from "../../../src/stream/mod.ts";
import { testDialer } from "../../../src/testing/mod.ts";
import { withTls } from "../../../src/tls/mod.ts";
import { Shown } from "../../fakes/proxy/dial_outcome.ts";
import { type ConnectRequest, FakeHttpProxy } from "../../fakes/proxy/fake_http_proxy.ts";
import { FakeSocks4 } from "../../fakes/proxy/fake_socks4.ts";
import { FakeSocks5, type FakeSocks5Options } from "../../fakes/proxy/fake_socks5.ts";
import { startEcho } from "../../fakes/proxy/target.ts";

const username = "alice-the-user";
const password = "p@ss:w/rd#1";
const token = "isolation-token";
const credentials = { username, password };
const basic = btoa(`${username}:${password}`);
const userInfo = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
const secrets = [username, password, token, basic, userInfo];

const echo = await startEcho();
after(() => echo.close());

/** Dials, lets everything be printed that a program could print, and looks for the secrets. */
async function assertSilent(dialer: ContextDialer): Promise<void> {
  const shown = new Shown();
  shown.add(dialer);
  const { onEvent } = shown;
  await dialer.dialContext("tcp", echo.address, { onEvent }).then((conn) => {
    shown.add(conn, conn.report, conn.hops);
    conn.close();
  }, (error) => shown.add(error));
  for (const level of ["tcp", "handshake", "tunnel"] as const) {
    const options = { level, target: echo.address, timeoutMs: 100, onEvent };
    await checkProxy(dialer, options).then(
      (result) => shown.add(result),
      (error) => shown.add(error),
    );
  }
  shown.assertHides(...secrets);
}

test("no way in which SOCKS5 can go shows a credential", async () => {
  const login = credentials;
  const ways: FakeSocks5Options[] = [
    { login },
    { login: { ...login, password: "other" } },
    {},
    { login, reply: 5 },
    { login, stallsAfter: "credentials" },
    { login, closesAfter: "credentials" },
    { login, closesAfter: "request", resets: true },
    { login, dropsTheRest: true },
  ];
  for (const way of ways) {
    const server = await FakeSocks5.listen(way);
    const options = { server: server.address, timeoutMs: 100, stallMs: 30 };
    await assertSilent(socks5Dialer({ ...options, credentials }));
    await assertSilent(
      socks5Dialer({ ...options, credentials: () => Promise.resolve(credentials) }),
    );
    await assertSilent(socks5Dialer({ ...options, isolation: { token } }));
    await assertSilent(proxyDialer(`socks5h://${userInfo}@${server.address}`, { timeoutMs: 100 }));
    await assertSilent(
      proxyFromEnv({
        env: { ALL_PROXY: `socks5h://${userInfo}@${server.address}` },
        timeoutMs: 100,
      }),
    );
    await server.close();
  }
});

test("no way in which SOCKS4 can go shows a user id", async () => {
  for (const way of [{ userId: username }, { userId: "bob" }, { reply: 0x5b }]) {
    const server = await FakeSocks4.listen(way);
    await assertSilent(socks4Dialer({ server: server.address, userId: username }));
    await server.close();
  }
});

test("no way in which HTTP CONNECT can go shows a credential or a field, not even if the proxy does", async () => {
  for (const status of [undefined, 407, 403, 502]) {
    // Error pages repeat what they were sent, and some what they made of it.
    let decodes = false;
    const answer = ({ fields }: ConnectRequest) => {
      const sent = fields.filter(([name]) => name !== "host").map(([, value]) => value).join(" ");
      const known = decodes ? `${sent} ${username} ${password} ${userInfo}` : sent;
      const head = `HTTP/1.1 ${status} No ${known}\r\nProxy-Authenticate: Basic realm="${known}"`;
      return status && `${head}\r\n\r\nwho is ${known}?`;
    };
    const proxy = await FakeHttpProxy.listen({
      ...{ login: `${username}:${password}`, answer: (request) => answer(request) || undefined },
    });
    const server = proxy.address;
    for (const given of [credentials, () => credentials]) {
      decodes = true;
      await assertSilent(httpConnectDialer({ server, credentials: given }));
      await assertSilent(proxyDialer(`http://${userInfo}@${server}`));
      decodes = false;
    }
    await assertSilent(httpConnectDialer({ server, headers: { "X-Token": token } }));
    for (const scheme of ["Basic", "Bearer", ""]) {
      const headers = { "Proxy-Authorization": `${scheme} ${basic}`.trim() };
      await assertSilent(httpConnectDialer({ server, headers }));
    }
    const inner = socks5Dialer({ server: "127.0.0.1:1", credentials });
    await assertSilent(httpConnectDialer({ server, credentials, via: inner }));
    await proxy.close();
  }
});

test("no unusable setting shows its user info", () => {
  const urls = [
    `socks6://${userInfo}@proxy:1`,
    `socks5://${userInfo}@:1`,
    `socks5://${userInfo}@proxy:99999`,
    `http://${username}:${password}@proxy:1`,
    `socks5://proxy:${encodeURIComponent(password)}`,
    `socks5://${username}:${"x".repeat(300)}${encodeURIComponent(password)}@proxy:1`,
    `socks4://${userInfo}@proxy:1`,
  ];
  for (const url of urls) {
    const shown = new Shown();
    for (
      const make of [
        () => proxyDialer(url),
        () => proxyFromEnv({ env: { ALL_PROXY: url } }),
        () => socks5Dialer({ server: url }),
        () => httpConnectDialer({ server: url }),
      ]
    ) {
      assert.throws(make, (error) => {
        shown.add(error);
        return error instanceof TypeError || error instanceof RangeError;
      });
    }
    shown.assertHides(password, userInfo);
  }
});

test("a proxy URL in the place of a dialer is refused without showing it", async () => {
  const url = `socks5h://${userInfo}@127.0.0.1:1080` as never;
  const trials = {
    check: () => checkProxy(url, { level: "tcp" }),
    via: () => socks5Dialer({ server: "127.0.0.1:1", via: url }),
    multiaddr: () => dialMultiaddr(url, "/ip4/127.0.0.1/tcp/1"),
    header: () => withProxyProtocol(url, { version: 1 }),
    tls: () => withTls(url, {}),
    connector: () => nodeConnector(url),
    tests: () => testDialer({ name: "it", dialer: url }),
  };
  for (const [name, trial] of Object.entries(trials)) {
    await assert.rejects(async () => await trial(), (error: Error) => {
      assert.equal(error.name, "TypeError", name);
      assert.match(error.message, /\ba string\b/, name);
      const shown = new Shown();
      shown.add(error);
      shown.assertHides(...secrets);
      return true;
    });
  }
});
