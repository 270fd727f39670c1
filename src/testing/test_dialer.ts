import { loopbackCodes, loopbackPeers } from "../../adapters/loopback/loopback_peers.ts";
import type { Addr } from "../core/addr.ts";
import type { ContextDialer } from "../core/dialer.ts";
import { requireDialer } from "../core/is_dialer.ts";
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
import type { ContractCodes } from "../../adapters/loopback/peers.ts";
import { errorTests } from "./contract/error_tests.ts";
import type { Peers } from "../../adapters/loopback/peers.ts";
import { reportTests } from "./contract/report_tests.ts";
import { streamTests } from "./contract/stream_tests.ts";
import { transferTests } from "./contract/transfer_tests.ts";

/** What to test, and what to expect of it. */
export interface TestDialerOptions {
  /** What the tests' names begin with. */
  name: string;
  /** The dialer under test. */
  dialer: ContextDialer;
  /**
   * The peers that it dials.
   *
   * @default Servers on the loopback, as {@linkcode loopbackPeers} makes them.
   */
  peers?: Peers;
  /**
   * What the dialer cannot have; the tests of that are not registered.
   *
   * @default {[]}
   */
  unsupported?: readonly ContractLack[];
  /**
   * Makes the dialer under test with another option, for what only an option can show.
   *
   * @default {{}} The tests that need an option are not registered.
   */
  variants?: DialerVariants;
  /**
   * The codes of the dialer's errors where they are not those of a system call, such as
   * `{ refused: "ERR_PROXY_TARGET_REFUSED" }`. On Bun the default for `unreachable` is `ECONNREFUSED`, for that is what Bun
   * says.
   *
   * @default `ECONNREFUSED`, `ENETUNREACH`, `ENOTFOUND`, `ENOENT`, `EADDRNOTAVAIL`.
   */
  codes?: Partial<ContractCodes>;
  /**
   * The `hops` that its connections are to have.
   *
   * @default {[]} They are direct.
   */
  hops?: readonly Addr[];
}

/**
 * Registers the contract of dialers and their connections as tests of `node:test`, which all runtimes run: `node --test`,
 * `deno test -A`, `bun test`.
 *
 * The rules on abort signals, by the numbers that the tests' names have:
 *
 * 1. Already aborted: the dial rejects with `signal.reason` itself (`===`), and nothing is touched.
 * 2. Aborted in any phase: it rejects promptly with `signal.reason` itself; all that the dial held is released, and a socket
 *    that opens late is closed.
 * 3. Aborted after it resolved: the connection does not notice, and no listener is left on the signal.
 * 4. A limit of the dialer's own is a `DialError` with the limit's reason as its `cause`.
 * 5. A signal that lives for long supportsWritev no listeners.
 *
 * The other tests are on errors and their codes, addresses, events and the report, transfer of data (early, much, at
 * once), back-pressure, closing and resetting, and the streams. They take some seconds and open sockets only where `peers`
 * and the dialer do. A test that waits for what does not come fails after a minute.
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
 * @param options What to test, and what to expect of it.
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
  // Checked where it is used, under another name.
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
