import assert from "node:assert/strict";
import { test } from "node:test";
import { loopbackPeers } from "../../adapters/loopback/loopback_peers.ts";
import type { ListeningPeer } from "../../adapters/loopback/peers.ts";
import { assertOneLine, interrupt, runCli, startCli } from "./cli_process.ts";

const peers = loopbackPeers();

async function withPeer(run: (peer: ListeningPeer, port: number) => Promise<void>): Promise<void> {
  const peer = await peers.listen("tcp");
  try {
    await run(peer, Number(peer.address.split(":")[1]));
  } finally {
    await peer.close();
  }
}

test("probe prints the timeline of a dial, lookups and winner included, in 80 columns", async () => {
  await withPeer(async (_, port) => {
    const { code, stdout, stderr } = await runCli("probe", `/dns4/localhost/tcp/${port}`);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, new RegExp(`^/dns4/localhost/tcp/${port}: connected after [\\d.]+ ms\n`));
    assert.match(stdout, /✓ lookup localhost IPv4 → 127\.0\.0\.1\n/);
    assert.match(stdout, new RegExp(`✓ attempt 127\\.0\\.0\\.1:${port}: connected\n$`));
    assert.ok(stdout.split("\n").every((line) => line.length <= 80));
  });
});

test("probe -4 dials a host and a port, as nc takes them, by IPv4 only", async () => {
  await withPeer(async (_, port) => {
    const { code, stdout, stderr } = await runCli("probe", "-4", "localhost", String(port));
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /✓ lookup localhost IPv4 → 127\.0\.0\.1\n/);
    assert.doesNotMatch(stdout, /IPv6/);
    const other = await runCli("probe", "-6", "::1", "1");
    assert.equal(other.code, 1);
    assertOneLine(other.stderr, /Cannot dial tcp6 \[::1\]:1: /);
  });
});

test("probe prints the timeline of a failed dial, and the failure on one line", async () => {
  const { code, stdout, stderr } = await runCli("probe", peers.refused);
  assert.equal(code, 1);
  assert.match(stdout, /^tcp 127\.0\.0\.1:1: failed after [\d.]+ ms, ECONNREFUSED\n/);
  assert.match(stdout, /✗ attempt 127\.0\.0\.1:1: connection refused\n$/);
  assertOneLine(stderr, /Cannot dial tcp 127\.0\.0\.1:1: connection refused/);
});

test("probe --json prints one object, with the ends of the connection and the report", async () => {
  await withPeer(async (_, port) => {
    const { code, stdout } = await runCli("probe", "--json", `127.0.0.1:${port}`);
    assert.equal(code, 0);
    assert.equal(stdout.indexOf("\n"), stdout.length - 1);
    const summary = JSON.parse(stdout);
    assert.deepEqual(Object.keys(summary), [
      "target",
      "count",
      "connected",
      "failed",
      "minMs",
      "medianMs",
      "maxMs",
      "dials",
    ]);
    assert.equal(summary.target, `127.0.0.1:${port}`);
    assert.deepEqual([summary.count, summary.connected, summary.failed], [1, 1, 0]);
    const [dial] = summary.dials;
    assert.equal(dial.ok, true);
    assert.equal(summary.medianMs, dial.durationMs);
    assert.equal(dial.localAddr.hostname, "127.0.0.1");
    assert.deepEqual(dial.remoteAddr, { transport: "tcp", hostname: "127.0.0.1", port });
    assert.deepEqual(dial.hops, []);
    assert.equal(dial.report.outcome, "ok");
    assert.equal(dial.report.children[0].kind, "attempt");
  });
});

test("probe --json tells a failure in the object too", async () => {
  const { code, stdout, stderr } = await runCli("probe", "--json", `unix:${peers.missingPath}`);
  assert.equal(code, 1);
  assertOneLine(stderr, /no such file or directory/);
  const summary = JSON.parse(stdout);
  assert.deepEqual([summary.connected, summary.failed, summary.medianMs], [0, 1, null]);
  assert.deepEqual(summary.dials[0].error, {
    code: "ENOENT",
    message: `Cannot dial unix ${peers.missingPath}: no such file or directory`,
    phase: "connect",
  });
  assert.equal(summary.dials[0].report.outcome, "failed");
});

test("probe --count dials so many times, and prints min, median and max", async () => {
  await withPeer(async (peer, port) => {
    const { code, stdout, stderr } = await runCli("probe", "-c", "5", `127.0.0.1:${port}`);
    // No progress where there is no terminal.
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(peer.seen, 5);
    const [, ...times] =
      /5 dials: 5 connected, 0 failed\nmin ([\d.]+) ms, median ([\d.]+) ms, max ([\d.]+) ms\n$/
        .exec(stdout)!;
    const [min, median, max] = times.map(Number) as [number, number, number];
    assert.ok(min <= median && median <= max);
  });
});

test("probe --count fails when one dial failed", async () => {
  const { code, stdout } = await runCli("probe", "-c", "3", "--json", peers.refused);
  assert.equal(code, 1);
  assert.equal(JSON.parse(stdout).dials.length, 3);
});

test("probe --local-address dials from there, and takes one for each family", async () => {
  const local = process.platform === "linux" ? "127.0.0.2" : "127.0.0.1";
  await withPeer(async (_, port) => {
    for (const more of [[], ["--local-address", "::1"]]) {
      const args = ["probe", "--json", "--local-address", local, ...more, `127.0.0.1:${port}`];
      const { code, stdout, stderr } = await runCli(...args);
      assert.equal(code, 0, stderr);
      assert.equal(JSON.parse(stdout).dials[0].localAddr.hostname, local);
    }
    const { code, stderr } = await runCli("probe", "--local-address", "::1", `127.0.0.1:${port}`);
    assert.equal(code, 1);
    assertOneLine(stderr, /the local address ::1 is not IPv4/);
  });
});

test("probe --timeout shows what was pending when the time ran out", async () => {
  const silent = await peers.silent();
  const port = silent.address.split(":")[1];
  const target = `/ip4/127.0.0.1/tcp/${port}`;
  try {
    const { code, stdout, stderr } = await runCli("probe", "--timeout", "0.3s", target);
    assert.equal(code, 1);
    // A busy machine may be late to say so.
    const ms = Number(/: failed after (\d+\.\d) ms, ETIMEDOUT\n/.exec(stdout)?.[1]);
    assert.ok(ms >= 300, stdout);
    assert.match(stdout, /✗ attempt 127\.0\.0\.1:\d+: timed out after\s+300 ms\n$/);
    assertOneLine(stderr, /timed out after 300 ms/);
  } finally {
    await silent.close();
  }
});

test("probe --count ends with 130 at SIGINT, and still tells what it measured", async () => {
  await withPeer(async (peer) => {
    const cli = startCli(["probe", "-c", "3", "-i", "1m", "--json", peer.address]);
    const conn = await peer.accept();
    // It has closed the connection, so the first dial is over.
    assert.equal(await conn.read(new Uint8Array(1)).catch(() => null), null);
    interrupt(cli);
    const { code, stdout } = await cli.result;
    assert.equal(code, 130);
    const { count, connected } = JSON.parse(new TextDecoder().decode(stdout));
    assert.deepEqual([count, connected], [1, 1]);
  });
});

test("probe ends quietly with 141 when its output is closed", async () => {
  await withPeer(async (peer) => {
    const cli = startCli(["probe", "-c", "2", "-i", "1m", peer.address]);
    await peer.accept();
    cli.child.stdout.destroy();
    interrupt(cli);
    const { code, stderr } = await cli.result;
    assert.deepEqual([code, stderr], [141, ""]);
  });
});
