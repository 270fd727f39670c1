import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { after, test } from "node:test";
import type { Conn } from "../../../src/core/conn.ts";
import type { ContextDialer } from "../../../src/core/dialer.ts";
import { httpConnectDialer, socks4Dialer, socks5Dialer } from "../../../src/proxy/mod.ts";
import { SeededRandom } from "../../../src/testing/seeded_random.ts";
import { readText } from "../../../src/testing/read_all.ts";
import { FakeHttpProxy } from "../../fakes/proxy/fake_http_proxy.ts";
import { FakeSocks4 } from "../../fakes/proxy/fake_socks4.ts";
import { FakeSocks5 } from "../../fakes/proxy/fake_socks5.ts";
import { startEcho } from "../../fakes/proxy/target.ts";

// What a proxy and a peer that speaks first say in one segment, closed right behind it.
const greeting = "/multistream/1.0.0\n";
const socksReply = String.fromCharCode(5, 0, 0, 1, 127, 0, 0, 1, 0x1f, 0x90);

/** A proxy that answers the last message of a handshake together with the peer's first bytes, and its end. */
async function startCoalescing(
  answers: readonly string[],
): Promise<{ address: string; close(): void }> {
  const server = createServer({ noDelay: true }, (socket) => {
    let next = 0;
    socket.on("error", () => {}).on("data", () => {
      const answer = answers[next++];
      if (answer === undefined) return;
      const last = next === answers.length;
      const bytes = Uint8Array.from(
        last ? answer + greeting : answer,
        (char) => char.charCodeAt(0),
      );
      if (last) socket.end(bytes);
      else socket.write(bytes);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, close: () => void server.close() };
}

/** Ways to read, begun at any time. */
async function readSomehow(conn: Conn, random: SeededRandom): Promise<string> {
  for (let turns = random.below(4); turns > 0; turns--) await new Promise(setImmediate);
  if (random.below(50) === 0) await new Promise((resolve) => setTimeout(resolve, random.below(20)));
  if (random.below(3) === 0) return await new Response(conn.readable).text();
  return await readText(conn);
}

const cases: [name: string, answers: string[], make: (server: string) => ContextDialer][] = [
  [
    "SOCKS5, step by step",
    ["\x05\0", socksReply],
    (server) => socks5Dialer({ server, handshake: "sequential" }),
  ],
  [
    "SOCKS5, in one flight",
    ["\x05\0" + socksReply],
    (server) => socks5Dialer({ server, handshake: "pipelined" }),
  ],
  ["HTTP CONNECT", ["HTTP/1.1 200 OK\r\n\r\n"], (server) => httpConnectDialer({ server })],
];

const dialsEach = [3_000, 3_000, 4_000];

for (const [index, [name, answers, make]] of cases.entries()) {
  const dials = dialsEach[index]!;
  test(`${name}: of ${dials} first words that came with the reply none is lost, whenever they are read`, async () => {
    const proxy = await startCoalescing(answers);
    after(() => proxy.close());
    const dialer = make(proxy.address);
    const random = new SeededRandom();
    let begun = 0;
    const worker = async () => {
      while (begun < dials) {
        begun++;
        const conn = await dialer.dialContext("tcp", "peer.example:4001");
        assert.equal(await readSomehow(conn, random), greeting, `with seed ${random.seed}`);
        conn.close();
      }
    };
    await Promise.all(Array.from({ length: 32 }, worker));
    proxy.close();
  });
}

test("a peer that speaks first is heard through every kind of proxy, with and without coalescing", async () => {
  const echo = await startEcho("hello from the peer\n");
  for (const coalesces of [false, true]) {
    const servers = [
      await FakeSocks5.listen({ coalesces }),
      await FakeSocks4.listen({ coalesces }),
      await FakeHttpProxy.listen({ coalesces }),
    ] as const;
    const dialers = [
      socks5Dialer({ server: servers[0].address }),
      socks4Dialer({ server: servers[1].address }),
      httpConnectDialer({ server: servers[2].address }),
    ];
    for (const dialer of dialers) {
      const conn = await dialer.dialContext("tcp", echo.address);
      await conn.write(new TextEncoder().encode("bye"));
      await conn.closeWrite();
      assert.equal(await readText(conn), "hello from the peer\nbye");
      conn.close();
    }
    for (const server of servers) await server.close();
  }
  await echo.close();
});
