import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type LookupFunction, type Server } from "node:net";
import { test } from "node:test";
import { nodeDialer } from "../../adapters/node/mod.ts";
import { systemDialer } from "../../adapters/system.ts";
import { type Resolver, splitHostPort } from "../../mod.ts";
import { loopbackPeers, type SilentPeer } from "../../src/testing/mod.ts";
import { readText } from "../../src/testing/read_all.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";

const resolver: Resolver = {
  lookup: (_host, { family }) => Promise.resolve([family === 6 ? "::1" : "127.0.0.1"]),
};
const dialers = { "systemDialer()": systemDialer, "nodeDialer()": nodeDialer };

/** A host whose IPv6 address lets connects hang, and whose IPv4 address listens at the same port. */
async function twoFacedHost(): Promise<{ silent: SilentPeer; server: Server; port: number }> {
  for (let tries = 0; tries < 10; tries++) {
    const silent = await loopbackPeers({ hostname: "::1" }).silent();
    const { port } = splitHostPort(silent.address);
    const server = createServer((socket) => socket.end("four"));
    try {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      return { silent, server, port };
    } catch {
      // Somebody else has the port on the other loopback.
      await silent.close();
    }
  }
  throw new Error("no port is free on both loopbacks");
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}

for (const [name, makeDialer] of Object.entries(dialers)) {
  test(`${name}: where IPv6 is a black hole it connects over IPv4 within 300 ms`, async () => {
    const { silent, server, port } = await twoFacedHost();
    const dialer = makeDialer({ resolver });
    const times: number[] = [];
    for (let round = 0; round < 3; round++) {
      const start = performance.now();
      const conn = await dialer.dialContext("tcp", `peer.test:${port}`);
      times.push(performance.now() - start);
      assert.deepEqual(conn.remoteAddr, { transport: "tcp", hostname: "127.0.0.1", port });
      assert.equal(await readText(conn), "four");
      conn.close();
      const attempts = conn.report.children.filter(({ kind }) => kind === "attempt");
      assert.deepEqual(attempts.map(({ outcome }) => outcome), ["lost", "ok"]);
      // RFC 8305 §5: the second attempt starts 250 ms after the first.
      const delay = attempts[1]!.startMs - attempts[0]!.startMs;
      assert.ok(delay >= 245, `the second attempt started after ${delay} ms`);
    }
    // The machine may be busy with other things in one round or another.
    assert.ok(Math.min(...times) < 300, `${times.map(Math.round)} ms`);
    await close(server);
    await silent.close();
  });

  test(`${name}: where IPv6 answers after 1 s and IPv4 refuses it connects`, async () => {
    const { silent, server, port } = await twoFacedHost();
    await close(server);
    const start = performance.now();
    const dial = makeDialer({ resolver }).dialContext("tcp", `peer.test:${port}`);
    // The system sends its SYN once more after a second, and by then there is somebody.
    setTimeout(() => silent.answer(), 500);
    const conn = await dial;
    const tookMs = performance.now() - start;
    assert.ok(tookMs > 500, `it took ${tookMs} ms`);
    assert.deepEqual(conn.remoteAddr, { transport: "tcp", hostname: "::1", port });
    const attempts = conn.report.children.filter(({ kind }) => kind === "attempt");
    assert.deepEqual(attempts.map(({ outcome }) => outcome), ["ok", "failed"]);
    assert.equal(attempts[1]!.error?.code, "ECONNREFUSED");
    conn.close();
    await silent.close();
  });
}

test("node:net's own race fails there, so that lookup and race have to be ours", async () => {
  const { silent, server, port } = await twoFacedHost();
  await close(server);
  const lookup = ((_host, _options, done) => {
    done(null, [{ address: "::1", family: 6 }, { address: "127.0.0.1", family: 4 }]);
  }) satisfies LookupFunction;
  const socket = connect({ host: "peer.test", port, lookup, autoSelectFamily: true });
  const timer = setTimeout(() => silent.answer(), 500);
  const failure = new Promise((_, reject) => {
    socket.on("error", reject);
    socket.on("connect", () => reject(undefined));
  });
  assert.ok(await rejectionOf(failure), "it connects by now: nodejs/node#54359 is solved");
  clearTimeout(timer);
  socket.destroy();
  await silent.close();
});
