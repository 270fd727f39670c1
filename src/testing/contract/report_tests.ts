import assert from "node:assert/strict";
import { isDialError } from "../../core/dial_error.ts";
import type { DialEvent } from "../../core/dial_event.ts";
import type { DialReport } from "../../core/dial_report.ts";
import { splitHostPort } from "../../core/host_port.ts";
import type { Contract } from "./contract.ts";
import { type ContractRun, contractTest } from "./contract_run.ts";
import { reportFromEvents } from "../event_tree.ts";
import { bytesOf, readText } from "../read_all.ts";

/** The properties of a connection: its ends, its hops and its report. */
export function reportTests(contract: Contract): void {
  const { unsupported } = contract;
  contractTest(contract, "a tcp connection knows its ends and hops", tcpAddresses);
  if (!unsupported.has("ipv6")) {
    contractTest(contract, "tcp6 dials an IPv6 address in brackets", ipv6Addresses);
  }
  if (!unsupported.has("unix")) {
    contractTest(contract, "a unix connection carries bytes and knows its path", unixAddresses);
  }
  if (!unsupported.has("names")) {
    contractTest(contract, "a name is dialed", nameIsDialed);
  }
  if (!unsupported.has("events")) {
    contractTest(contract, "events form a tree in time, and the report equals it", eventsOfSuccess);
    contractTest(
      contract,
      "a failed dial's events end with its error, and its report equals them",
      eventsOfFailure,
    );
  }
}

async function tcpAddresses(trial: ContractRun): Promise<void> {
  const listener = await trial.listen();
  const { conn } = await trial.connect(listener);
  const { host, port } = splitHostPort(listener.address);
  assert.deepEqual(conn.remoteAddr, { transport: "tcp", hostname: host, port });
  assert.deepEqual(conn.hops, trial.contract.hops);
  assert.equal(conn.localAddr.transport, "tcp");
  assert.ok(conn.localAddr.transport === "tcp" && conn.localAddr.port > 0);
  assert.equal(conn.report.outcome, "ok");
  const { localAddr, remoteAddr } = conn;
  conn.close();
  // Runtimes drop the addresses of a closed socket.
  assert.deepEqual([conn.localAddr, conn.remoteAddr], [localAddr, remoteAddr]);
}

async function ipv6Addresses(trial: ContractRun): Promise<void> {
  const listener = await trial.listen("tcp6");
  const conn = await trial.dial(listener.address, { network: "tcp6" });
  const { port } = splitHostPort(listener.address);
  assert.deepEqual(conn.remoteAddr, { transport: "tcp", hostname: "::1", port });
  const peer = await listener.accept();
  await conn.write(bytesOf("six"));
  await conn.closeWrite();
  assert.equal(await readText(peer), "six");
}

async function unixAddresses(trial: ContractRun): Promise<void> {
  const listener = await trial.listen("unix");
  const conn = await trial.dial(listener.address, { network: "unix" });
  assert.deepEqual(conn.remoteAddr, { transport: "unix", path: listener.address });
  assert.deepEqual(conn.localAddr, { transport: "unix", path: "" });
  const peer = await listener.accept();
  await peer.write(bytesOf("hello"));
  await peer.closeWrite();
  assert.equal(await readText(conn), "hello");
  await conn.write(bytesOf("bye"));
  await conn.closeWrite();
  assert.equal(await readText(peer), "bye");
  // Both settings have no meaning for a unix socket, and must not throw.
  conn.setNoDelay();
  conn.setKeepAlive();
}

async function nameIsDialed(trial: ContractRun): Promise<void> {
  const listener = await trial.listen();
  const { port } = splitHostPort(listener.address);
  const conn = await trial.dial(`localhost:${port}`);
  const peer = await listener.accept();
  await peer.write(bytesOf("hello"));
  await peer.closeWrite();
  assert.equal(await readText(conn), "hello");
}

async function eventsOfSuccess(trial: ContractRun): Promise<void> {
  const { contract } = trial;
  const listener = await trial.listen();
  const { port } = splitHostPort(listener.address);
  const addresses = contract.unsupported.has("names")
    ? [listener.address]
    : [listener.address, `localhost:${port}`];
  for (const address of addresses) {
    const events: DialEvent[] = [];
    const conn = await trial.dial(address, { onEvent: (event) => events.push(event) });
    const first = events[0];
    assert.ok(first?.type === "dial-start");
    assert.deepEqual([first.network, first.address], ["tcp", address]);
    sameReport(conn.report, reportFromEvents(events));
    assert.equal(conn.report.error, undefined);
    assert.equal(conn.report, conn.report);
  }
}

async function eventsOfFailure(trial: ContractRun): Promise<void> {
  const { contract: { peers } } = trial;
  const events: DialEvent[] = [];
  const dial = trial.dial(peers.refused, { onEvent: (event) => events.push(event) });
  const error = await dial.then(() => undefined, (error) => error);
  assert.ok(isDialError(error));
  sameReport(error.report, reportFromEvents(events));
  assert.equal(error.report.outcome, "failed");
  assert.equal(error.report.error?.code, error.code);
}

/** Milliseconds by which nested dials may measure their start differently. */
const toleranceMs = 5;

function sameReport(actual: DialReport, expected: DialReport): void {
  assert.equal(actual.kind, expected.kind);
  assert.ok(actual.label.length > 0);
  assert.equal(actual.outcome, expected.outcome, `the outcome of ${actual.kind} ${actual.label}`);
  assert.deepEqual(actual.error, expected.error);
  assert.ok(Math.abs(actual.startMs - expected.startMs) < toleranceMs);
  assert.ok(Math.abs(actual.durationMs - expected.durationMs) < toleranceMs);
  assert.equal(actual.children.length, expected.children.length);
  for (const [index, child] of actual.children.entries()) {
    sameReport(child, expected.children[index]!);
  }
}
