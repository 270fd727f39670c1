import { loopbackCodes, loopbackPeers } from "../../adapters/loopback/loopback_peers.ts";
import type { Addr } from "../core/addr.ts";
import { type ContextDialer, requireDialer } from "../core/dialer.ts";
import {
  anyObject,
  callback,
  list,
  nested,
  oneOf,
  type OptionChecks,
  readOptions,
  text,
  unchecked,
} from "../core/options.ts";
import { abortTests } from "./contract/abort_tests.ts";
import { backPressureTests } from "./contract/back_pressure_tests.ts";
import { closeTests } from "./contract/close_tests.ts";
import type { Contract, ContractLack, DialerVariants } from "./contract/contract.ts";
import type { ContractCodes, Peers } from "../../adapters/loopback/peers.ts";
import { errorTests } from "./contract/error_tests.ts";
import { reportTests } from "./contract/report_tests.ts";
import { streamTests } from "./contract/stream_tests.ts";
import { transferTests } from "./contract/transfer_tests.ts";

/** The dialer under test, and the expected results. */
export interface TestDialerOptions {
  /** The prefix of the tests' names. */
  name: string;
  /** The dialer under test. */
  dialer: ContextDialer;
  /**
   * The peers to dial.
   *
   * @default Servers on the loopback, made by {@linkcode loopbackPeers}.
   */
  peers?: Peers;
  /**
   * Features that the dialer lacks; their tests are not registered.
   *
   * @default {[]}
   */
  unsupported?: readonly ContractLack[];
  /**
   * Makes the dialer under test with another option, for tests that need the option.
   *
   * @default {{}} The tests that need an option are not registered.
   */
  variants?: DialerVariants;
  /**
   * The codes of the dialer's errors if they are not those of a system call, such as
   * `{ refused: "ERR_PROXY_TARGET_REFUSED" }`. On Bun the default for `unreachable` is
   * `ECONNREFUSED`, which is the code that Bun reports.
   *
   * @default `ECONNREFUSED`, `ENETUNREACH`, `ENOTFOUND`, `ENOENT`, `EADDRNOTAVAIL`.
   */
  codes?: Partial<ContractCodes>;
  /**
   * The expected `hops` of the connections.
   *
   * @default {[]} The connections are direct.
   */
  hops?: readonly Addr[];
}

/**
 * Registers the contract of dialers and their connections as tests of `node:test`. All runtimes run
 * them: `node --test`, `deno test -A`, `bun test`.
 *
 * The rules on abort signals, numbered as in the tests' names:
 *
 * 1. Already aborted: the dial rejects with `signal.reason` itself (`===`), and has no effects.
 * 2. Aborted in any phase: it rejects promptly with `signal.reason` itself. It releases all its
 *    resources, and closes a socket that opens late.
 * 3. Aborted after it resolved: the signal has no effect on the connection, and has no listener
 *    left.
 * 4. A limit of the dialer's own is a `DialError` with the limit's reason as its `cause`.
 * 5. A long-lived signal accumulates no listeners.
 *
 * The other tests cover errors and their codes, addresses, events and the report, data transfer
 * (early, large, concurrent), back-pressure, closing and resetting, and the streams. They run for
 * some seconds and open sockets only through `peers` and the dialer. A test that hangs fails after
 * a minute.
 *
 * @example
 * import { testDialer } from "@anydial/dialer/testing";
 *
 * testDialer({
 *   name: "myProxyDialer()",
 *   dialer: myProxyDialer({ server: "127.0.0.1:1080" }),
 *   unsupported: ["unix", "unreachable"],
 *   codes: { refused: "ERR_PROXY_TARGET_REFUSED" },
 *   hops: [{ transport: "tcp", hostname: "127.0.0.1", port: 1080 }],
 * });
 *
 * @param options The dialer under test, and the expected results.
 * @throws {TypeError} If `dialer` has no `dialContext`.
 */
export function testDialer(options: TestDialerOptions): void {
  const read = readOptions("testDialer", options, testDialerOptions);
  const { name, dialer, peers, unsupported = [], variants = {}, codes, hops = [] } = read;
  requireDialer(dialer, "test");
  const contract: Contract = {
    name,
    dialer,
    peers: peers ?? loopbackPeers(),
    unsupported: new Set(unsupported),
    variants,
    codes: { ...loopbackCodes, ...codes },
    hops,
  };
  abortTests(contract);
  errorTests(contract);
  reportTests(contract);
  transferTests(contract);
  backPressureTests(contract);
  closeTests(contract);
  streamTests(contract);
}

const checkLack = oneOf(
  ...["events", "half-close", "ipv6", "names", "peer-reset", "reset"] as const,
  ...["silent", "unix", "unreachable"] as const,
);

const testDialerOptions: OptionChecks<TestDialerOptions> = {
  name: text,
  // Checked by `testDialer`, which names it in its own message.
  dialer: unchecked,
  peers: anyObject,
  unsupported: (value, name) => list(value, name).map((lack) => checkLack(lack, name)),
  variants: nested<DialerVariants>({
    ...{ timeoutMs: callback, resolver: callback, localAddress: callback },
  }),
  codes: nested<Partial<ContractCodes>>({
    ...{ refused: text, unreachable: text, unknownName: text },
    ...{ missingPath: text, foreignAddress: text },
  } as OptionChecks<ContractCodes>),
  hops: list,
};
