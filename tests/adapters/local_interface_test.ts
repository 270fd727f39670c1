import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import { bindFailure, type Ends, resolveZones } from "../../adapters/node/resolve_zones.ts";
import { systemDialer } from "../../adapters/system.ts";
import { isDialError } from "../../mod.ts";
import { runProcess } from "../../scripts/run_process.ts";
import { rejectionOf } from "../../src/testing/reason_of.ts";
import { childCommand } from "../children/child_command.ts";
import { runtime } from "../runtime.ts";

const [loopback] = Object.entries(networkInterfaces())
  .find(([, addresses]) => addresses?.some(({ internal }) => internal))!;

test("addresses without a zone go to the runtime as they are", () => {
  for (const host of ["192.0.2.1", "::1", "fe80::1"]) {
    assert.deepEqual(resolveZones({ host, localAddress: undefined }), {
      host,
      localAddress: undefined,
    });
    assert.deepEqual(resolveZones({ host, localAddress: host }), { host, localAddress: host });
  }
});

test("a zone is the name or the number of an interface of this machine", () => {
  const named = { host: `fe80::1%${loopback}`, localAddress: undefined };
  assert.deepEqual(resolveZones(named), named);
  for (const [name, all] of Object.entries(networkInterfaces())) {
    const scope = all?.find((one) => one.family === "IPv6" && one.scopeid > 0)?.scopeid;
    // Node 20 knows names alone.
    if (scope !== undefined) {
      assert.equal(
        (resolveZones({ ...named, host: `fe80::1%${scope}` }) as Ends).host,
        `fe80::1%${name}`,
      );
    }
  }
  for (const zone of ["nope", "0", "99999", "toString", "__proto__"]) {
    const reason = `no network interface "${zone}"`;
    const address = `fe80::1%${zone}`;
    assert.deepEqual(resolveZones({ ...named, host: address }), { code: "EINVAL", reason });
    assert.deepEqual(
      resolveZones({ host: "fe80::1", localAddress: address }),
      { code: "EADDRNOTAVAIL", reason },
    );
  }
});

test("the zone of an address that needs none is checked and left away", () => {
  const ends = { host: `2001:db8::1%${loopback}`, localAddress: `::1%${loopback}` };
  assert.deepEqual(resolveZones(ends), { host: "2001:db8::1", localAddress: "::1" });
  assert.ok("code" in resolveZones({ ...ends, host: "2001:db8::1%nope" }));
});

test("a dial through a zone that is not there fails before it leaves the machine", async () => {
  const error = await rejectionOf(systemDialer().dialContext("tcp", "[::1%nope]:9"));
  assert.ok(isDialError(error));
  assert.equal(error.message, 'Cannot dial tcp [::1%nope]:9: no network interface "nope"');
  assert.equal(error.code, "EINVAL");
});

/** Runs a command in a network of its own, with the addresses fe80::a and 2001:db8::a at the interface `zone0`. */
function inNetwork(command: string[]): string[] {
  const setUp = "ip link add zone0 type veth peer name zone1 && " +
    "for name in lo zone0 zone1; do ip link set $name up || exit; done && " +
    "ip addr flush dev zone0 scope link && ip addr add fe80::a/64 dev zone0 nodad && " +
    'ip addr add 2001:db8::a/64 dev zone0 nodad && exec "$@"';
  return ["unshare", "--map-root-user", "--net", "sh", "-c", setUp, "sh", ...command];
}

for (const name of ["systemDialer()", "nodeDialer()"]) {
  test(`${name}: a dial through a zone connects, and keeps the zone`, async (t) => {
    const probe = await runProcess(inNetwork(["true"]), { limitMs: 10_000, output: "collect" })
      .catch((error) => ({ code: 1, output: String(error) }));
    if (probe.code !== 0) {
      return t.skip(`no network of its own (apt install iproute2 util-linux): ${probe.output}`);
    }
    const command = inNetwork(childCommand("dial_zone.ts", name));
    const { code, output } = await runProcess(command, { limitMs: 30_000, output: "collect" });
    assert.equal(code, 0, output);
    const { scope, ...outcomes } = JSON.parse(output);
    const zoned = (zone: string | number) => ["hello", "fe80::a%zone0", `fe80::a%${zone}`];
    const global = ["hello", "2001:db8::a", "2001:db8::a%zone0"];
    // Node and Bun bind to a zone as well, Deno's `node:net` takes none.
    const expected = runtime !== "deno"
      ? { name: zoned("zone0"), number: zoned(scope), global, local: zoned("zone0") }
      : name === "systemDialer()"
      ? { name: zoned("zone0"), number: zoned(scope), global, local: "EINVAL" }
      : { name: "EINVAL", number: "EINVAL", global, local: "EADDRNOTAVAIL" };
    // The local end of a dial by number is told by name or by number.
    if (Array.isArray(outcomes.number)) {
      outcomes.number[1] = outcomes.number[1].replace(`%${scope}`, "%zone0");
    }
    assert.deepEqual(outcomes, expected);
  });
}

test("what can be bound to is told from what cannot", async () => {
  assert.equal(await bindFailure("127.0.0.1"), undefined);
  assert.equal((await bindFailure("192.0.2.1"))?.code, "EADDRNOTAVAIL");
  assert.equal((await bindFailure("2001:db8::1"))?.code, "EADDRNOTAVAIL");
});
