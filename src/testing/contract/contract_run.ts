import { test } from "node:test";
import type { Conn } from "../../core/conn.ts";
import type { Network } from "../../core/addr.ts";
import type { ContextDialer, DialOptions } from "../../core/dialer.ts";
import type { Contract } from "./contract.ts";
import type { ListeningPeer, PeerConn, SilentPeer } from "../../../adapters/loopback/peers.ts";
import { bytesOf, readExactly } from "../read_all.ts";

/** A dialed connection with both its ends. */
export interface Pair {
  readonly conn: Conn;
  readonly peer: PeerConn;
}

/** One test's share of the world: what it opens is closed at its end. */
export class ContractRun {
  readonly contract: Contract;
  readonly #conns: Conn[] = [];
  readonly #endings: (() => Promise<void>)[] = [];

  constructor(contract: Contract) {
    this.contract = contract;
  }

  async listen(network: "tcp" | "tcp6" | "unix" = "tcp"): Promise<ListeningPeer> {
    const peer = await this.contract.peers.listen(network);
    this.#endings.push(() => peer.close());
    return peer;
  }

  async silent(): Promise<SilentPeer> {
    const peer = await this.contract.peers.silent();
    this.#endings.push(() => peer.close());
    return peer;
  }

  /** Dials, by default with the dialer under test; the connection is closed at the end. */
  async dial(
    address: string,
    options?: DialOptions & { network?: Network; dialer?: ContextDialer },
  ): Promise<Conn> {
    const { network = "tcp", dialer = this.contract.dialer, ...dialOptions } = options ?? {};
    const conn = await dialer.dialContext(network, address, dialOptions);
    this.#conns.push(conn);
    return conn;
  }

  /** Dials a peer that listens already, or a new one, and gives both ends. */
  async connect(listener?: ListeningPeer): Promise<Pair> {
    const to = listener ?? await this.listen();
    const [conn, peer] = await Promise.all([this.dial(to.address), to.accept()]);
    return { conn, peer };
  }

  /** Checks that every connection the peer has seen up to now was closed by the dialer, not only forgotten. */
  async assertSeenAreClosed(peer: ListeningPeer): Promise<void> {
    // What was opened before comes before this one, which is told by what it says.
    const last = await this.dial(peer.address);
    await last.write(bytesOf("last"));
    for (let word = ""; word !== "last";) {
      const conn = await peer.accept();
      // One that is forgotten open neither says anything nor ends, and the test runs into its limit.
      word = await readExactly(conn, 4).then((bytes) => new TextDecoder().decode(bytes), () => "");
      conn.close();
    }
  }

  async end(): Promise<void> {
    for (const conn of this.#conns) conn.close();
    // One after the other, so that the first thing that was left open is the one that is reported.
    for (const end of this.#endings.reverse()) await end();
  }
}

/** The longest that a test may take, so that what hangs is named instead of stopping the run. */
const limitMs = 60_000;

/** Registers one test of a contract; what the trial opened is closed afterwards, and nothing may be left. */
export function contractTest(
  contract: Contract,
  sentence: string,
  run: (trial: ContractRun) => Promise<void>,
): void {
  test(`${contract.name}: ${sentence}`, async () => {
    const trial = new ContractRun(contract);
    try {
      await withLimit(run(trial));
    } finally {
      await withLimit(trial.end());
    }
  });
}

async function withLimit(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limitMs} ms`)), limitMs);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
