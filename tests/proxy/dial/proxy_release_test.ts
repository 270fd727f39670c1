import assert from "node:assert/strict";
import { test } from "node:test";
import { systemDialer } from "../../../adapters/system.ts";
import type { Conn } from "../../../src/core/conn.ts";
import { socks5Dialer } from "../../../src/proxy/mod.ts";
import { dialerOf } from "../../fakes/dialer_of.ts";
import { assertEchoes, failureOf, summary } from "../../fakes/proxy/dial_outcome.ts";
import { FakeSocks5 } from "../../fakes/proxy/fake_socks5.ts";
import { startEcho } from "../../fakes/proxy/target.ts";

const login = { username: "alice", password: "secret" };

test("a handshake that is repeated closes the connection of the first one", async () => {
  const echo = await startEcho();
  const server = await FakeSocks5.listen({ login, hatesFlights: [5, 0xff] });
  const ended: boolean[] = [];
  const via = dialerOf(async (...args) => {
    const conn: Conn = await systemDialer().dialContext(...args);
    const index = ended.push(false) - 1;
    const end = (close: () => void) => () => {
      ended[index] = true;
      close.call(conn);
    };
    return Object.assign(conn, { close: end(conn.close), reset: end(conn.reset) });
  });
  const dialer = socks5Dialer({ server: server.address, via, credentials: login });
  const conn = await dialer.dialContext("tcp", echo.address);
  await assertEchoes(conn);
  assert.deepEqual(ended, [true, false]);
  conn.close();
  await Promise.all([echo.close(), server.close()]);
});

test("a limit that ends the second connection to a proxy says that it was connecting", async () => {
  const server = await FakeSocks5.listen({ login, hatesFlights: [5, 0xff] });
  let dials = 0;
  const via = dialerOf((...args) => {
    return ++dials === 1 ? systemDialer().dialContext(...args) : new Promise(() => {});
  });
  const options = { server: server.address, via, credentials: login };
  const dialer = socks5Dialer({ ...options, timeoutMs: 150 });
  const error = await failureOf(dialer, "192.0.2.1:9");
  assert.equal(dials, 2);
  const hop = `socks5h://***@${server.address}`;
  assert.deepEqual(summary(error), { code: "ETIMEDOUT", phase: "connect", hop, blame: "proxy" });
  assert.match(error.reason, /connecting to the proxy$/);
  await server.close();
});

test("nobody is blamed where a proxy refuses one address and hangs up on another", async () => {
  for (const hangsUpOn of ["127.0.0.1", "0:0:0:0:0:0:0:1"]) {
    const server = await FakeSocks5.listen({ hangsUpOn });
    const resolver = {
      lookup: (_host: string, { family }: { family: 4 | 6 }) => {
        return Promise.resolve([family === 4 ? "127.0.0.1" : "::1"]);
      },
    };
    const dialer = socks5Dialer({ server: server.address, resolve: "local", resolver });
    const error = await failureOf(dialer, "peer.example:1");
    assert.equal(error.errors?.length, 2);
    assert.equal(error.blame, undefined, hangsUpOn);
    await server.close();
  }
});
