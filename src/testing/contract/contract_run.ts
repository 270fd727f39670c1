import { test } from "node:test";
import type { Conn } from "../../core/conn.ts";
import type { Network } from "../../core/addr.ts";
import type { ContextDialer, DialOptions } from "../../core/dialer.ts";
import type { Contract } from "./contract.ts";
import type { ListeningPeer, PeerConn, SilentPeer } from "../../../adapters/loopback/peers.ts";
import { bytesOf, readExactly } from "../read_all.ts";

/** Both ends of a dialed connection. */
export interface Pair {
  readonly conn: Conn;
  readonly peer: PeerConn;
}

/** The resources of one test, which are closed at its end. */
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

  /**
   * Dials, by default with the dialer under test; the connection is closed at the end of the test.
   */
  async dial(
    address: string,
    options?: DialOptions & { network?: Network; dialer?: ContextDialer },
  ): Promise<Conn> {
    const { network = "tcp", dialer = this.contract.dialer, ...dialOptions } = options ?? {};
    const conn = await dialer.dialContext(network, address, dialOptions);
    this.#conns.push(conn);
    return conn;
  }

  /** Dials a given or a new listener, and returns both ends. */
  async connect(listener?: ListeningPeer): Promise<Pair> {
    const to = listener ?? await this.listen();
    const [conn, peer] = await Promise.all([this.dial(to.address), to.accept()]);
    return { conn, peer };
  }

  /** Checks that the dialer has closed every connection that the peer has accepted so far. */
  async assertSeenAreClosed(peer: ListeningPeer): Promise<void> {
    // Earlier connections are accepted before this one, which is recognized by the data it sends.
    const last = await this.dial(peer.address);
    await last.write(bytesOf("last"));
    for (let word = ""; word !== "last";) {
      const conn = await peer.accept();
      // A leaked connection neither sends data nor ends, and the test exceeds its time limit.
      word = await readExactly(conn, 4).then((bytes) => new TextDecoder().decode(bytes), () => "");
      conn.close();
    }
  }

  async end(): Promise<void> {
    for (const conn of this.#conns) conn.close();
    // Sequential, so that the first leaked resource is the one reported.
    for (const end of this.#endings.reverse()) await end();
  }
}

/** The time limit of a test, so that a hanging test is reported by name and the run continues. */
const limitMs = 60_000;

/**
 * Registers one test of a contract. All resources are closed afterwards, and a leaked connection
 * fails the test.
 */
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
