import assert from "node:assert/strict";
import { test } from "node:test";
import type { Addr } from "../../src/core/addr.ts";
import { isSelfConnected } from "../../src/net/self_connect.ts";
import { FakeConn } from "../fakes/fake_connector.ts";
import { settle } from "../fakes/virtual_clock.ts";
import { failureOf, Trial } from "./net_dial_trial.ts";

const tcp = (hostname: string, port = 40_002): Addr => ({ transport: "tcp", hostname, port });

test("a connection is with itself where both ends are the same", () => {
  for (
    const [local, remote, is] of [
      ["127.0.0.1", "127.0.0.1", true],
      ["::1", "0:0:0:0:0:0:0:1", true],
      ["fe80::1%eth0", "fe80::1%2", true],
      ["127.0.0.1", "127.0.0.2", false],
      ["127.0.0.1", "::1", false],
      ["", "peer.test", false],
    ] as const
  ) {
    assert.equal(isSelfConnected({ localAddr: tcp(local), remoteAddr: tcp(remote) }), is);
  }
  assert.ok(!isSelfConnected({ localAddr: tcp("::1", 1), remoteAddr: tcp("::1", 2) }));
  const unix = { transport: "unix", path: "" } as const;
  assert.ok(!isSelfConnected({ localAddr: unix, remoteAddr: unix }));
});

test("a dial that connects to itself is refused, for nobody listens there", async () => {
  const trial = new Trial();
  const dial = trial.dial("127.0.0.1:40002");
  const [attempt] = trial.connector.attempts;
  attempt!.conn = new FakeConn(tcp("127.0.0.1"), tcp("127.0.0.1"));
  attempt!.succeed();
  const error = await failureOf(dial);
  assert.equal(error.message, "Cannot dial tcp 127.0.0.1:40002: connection refused");
  assert.equal(error.code, "ECONNREFUSED");
  assert.ok(attempt!.conn.destroyed);
});

test("after a connection with itself the next address has its turn", async () => {
  const trial = new Trial({}, { 6: ["::1"], 4: ["127.0.0.1"] });
  const dial = trial.dial("peer.test:40002");
  await settle();
  trial.connector.attempts[0]!.conn = new FakeConn(tcp("::1"), tcp("::1"));
  trial.connector.attempts[0]!.succeed();
  await settle();
  trial.connector.attempts[1]!.succeed();
  assert.equal(await dial, trial.connector.attempts[1]!.conn);
});

test("who asks for a local port may dial it", async () => {
  const trial = new Trial({ localPort: 40_002 });
  const dial = trial.dial("127.0.0.1:40002");
  const [attempt] = trial.connector.attempts;
  attempt!.conn = new FakeConn(tcp("127.0.0.1"), tcp("127.0.0.1"));
  attempt!.succeed();
  assert.equal(await dial, attempt!.conn);
});
