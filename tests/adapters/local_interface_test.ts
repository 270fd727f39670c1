import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import { bindFailure, zoneFailure } from "../../adapters/local_interface.ts";
import { systemDialer } from "../../adapters/system.ts";
import { isDialError, joinHostPort } from "../../mod.ts";
import { readText } from "../../src/testing/read_all.ts";
import { reasonOf } from "../../src/testing/reason_of.ts";

const [loopback] = Object.entries(networkInterfaces())
  .find(([, addresses]) => addresses?.some(({ internal }) => internal))!;

test("an address without a zone has nothing wrong with it", () => {
  for (const host of ["192.0.2.1", "::1", "fe80::1"]) assert.equal(zoneFailure(host), undefined);
});

test("a zone is the name or the number of an interface of this machine", () => {
  assert.equal(zoneFailure(`fe80::1%${loopback}`), undefined);
  const scope = Object.values(networkInterfaces()).flat()
    .find((address) => address?.family === "IPv6" && address.scopeid > 0);
  if (scope?.family === "IPv6") assert.equal(zoneFailure(`fe80::1%${scope.scopeid}`), undefined);
  for (const zone of ["nope", "0", "99999", "toString", "__proto__"]) {
    const { code, reason } = zoneFailure(`fe80::1%${zone}`)!;
    assert.deepEqual([code, reason], ["EINVAL", `no network interface "${zone}"`]);
  }
});

test("a dial through a zone that is not there fails before it leaves the machine", async () => {
  const error = await reasonOf(systemDialer().dialContext("tcp", "[::1%nope]:9"));
  assert.ok(isDialError(error));
  assert.equal(error.message, 'Cannot dial tcp [::1%nope]:9: no network interface "nope"');
  assert.equal(error.code, "EINVAL");
});

test("a dial through a zone connects, and keeps the zone", async (t) => {
  const [name, linkLocal] = Object.entries(networkInterfaces())
    .flatMap(([name, all]) => all!.map((address) => [name, address.address] as const))
    .find(([, address]) => address.startsWith("fe80:")) ?? [];
  if (linkLocal === undefined) {
    return t.skip("no interface has a link-local address: ip link set dev eth0 up");
  }
  const host = `${linkLocal}%${name}`;
  // On all addresses, for Deno listens on none with a zone.
  const server = createServer((socket) => socket.end("hello")).listen(0, "::");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const conn = await systemDialer().dialContext("tcp", joinHostPort(host, port));
  assert.deepEqual(conn.remoteAddr, { transport: "tcp", hostname: host, port });
  assert.equal(await readText(conn), "hello");
  conn.close();
  server.close();
  await once(server, "close");
});

test("what can be bound to is told from what cannot", async () => {
  assert.equal(await bindFailure("127.0.0.1"), undefined);
  assert.equal((await bindFailure("192.0.2.1"))?.code, "EADDRNOTAVAIL");
  assert.equal((await bindFailure("2001:db8::1"))?.code, "EADDRNOTAVAIL");
});
