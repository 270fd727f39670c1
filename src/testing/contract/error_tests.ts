import assert from "node:assert/strict";
import { type DialError, isDialError } from "../../core/dial_error.ts";
import type { Network } from "../../core/addr.ts";
import type { ContextDialer } from "../../core/dialer.ts";
import { shownAddress } from "../../core/redact.ts";
import type { Contract } from "./contract.ts";
import { type ContractRun, contractTest } from "./contract_run.ts";

/** A failed dial throws a `DialError` whose code is the same on every runtime. */
export function errorTests(contract: Contract): void {
  const { unsupported, variants, codes, peers } = contract;
  const fails = (what: string, code: string, dial: () => [string, Network?, ContextDialer?]) => {
    contractTest(contract, `${what} is ${code}`, async (trial) => {
      const [address, network = "tcp", dialer] = dial();
      const error = await failureOf(trial, address, network, dialer);
      assert.equal(error.code, code);
    });
  };
  fails("an address where nobody listens", codes.refused, () => [peers.refused]);
  if (!unsupported.has("unreachable")) {
    fails("an address to which there is no way", codes.unreachable, () => [peers.unreachable]);
  }
  if (!unsupported.has("names")) {
    fails("a name that nobody has", codes.unknownName, () => [peers.unknownName]);
  }
  if (!unsupported.has("unix")) {
    fails("a path where there is nothing", codes.missingPath, () => [peers.missingPath, "unix"]);
  }
  if (variants.localAddress !== undefined) {
    fails("a local address that is not there", codes.foreignAddress, () => [
      peers.refused,
      "tcp",
      variants.localAddress!(peers.foreignAddress),
    ]);
  }
  contractTest(contract, "an address that cannot be read is ERR_DIAL_ADDRESS", badAddresses);
  contractTest(contract, "an unknown network is ERR_DIAL_NETWORK", unknownNetwork);
}

async function badAddresses(trial: ContractRun): Promise<void> {
  const bad: [string, Network][] = [
    ["", "tcp"],
    ["localhost", "tcp"],
    ["127.0.0.1:", "tcp"],
    ["127.0.0.1:http", "tcp"],
    ["127.0.0.1:0", "tcp"],
    ["127.0.0.1:65536", "tcp"],
    ["::1:80", "tcp"],
    ["[::1", "tcp"],
    ["[::1]", "tcp"],
    ["two words:80", "tcp"],
    ["127.0.0.1:80", "tcp6"],
    ["[::1]:80", "tcp4"],
  ];
  for (const [address, network] of bad) {
    const error = await failureOf(trial, address, network);
    assert.equal(error.code, "ERR_DIAL_ADDRESS", `${network} ${address}`);
  }
}

async function unknownNetwork(trial: ContractRun): Promise<void> {
  const error = await failureOf(trial, "127.0.0.1:9", "udp" as Network);
  assert.equal(error.code, "ERR_DIAL_NETWORK");
}

/** Fails a dial, and checks the properties common to all dial errors. */
async function failureOf(
  trial: ContractRun,
  address: string,
  network: Network,
  dialer?: ContextDialer,
): Promise<DialError> {
  const dial = trial.dial(address, { network, ...(dialer && { dialer }) });
  const error: unknown = await dial.then(() => assert.fail(`${address} was dialed`), (e) => e);
  assert.ok(isDialError(error), `a DialError, not ${error}`);
  assert.ok(error instanceof Error);
  assert.equal(error.network, network);
  // The error omits the port of an invalid address, since it may be a password.
  const shown = shownAddress(network, address);
  assert.equal(error.address, shown);
  assert.equal(error.report.outcome, "failed");
  assert.equal(error.report.error?.code, error.code);
  assert.ok(error.message.startsWith(`Cannot dial ${network} ${shown}`), error.message);
  assert.match(error.message, /^[^\n\r]*[^.\s]$/);
  return error;
}
