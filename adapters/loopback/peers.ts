import type { DialErrorCode } from "../../src/core/dial_error_code.ts";
/** The peer's side of a connection, with the meanings of `Conn`. */
export interface PeerConn {
  /** Reads up to `buffer.byteLength` bytes; `null` at the end. Nothing is read ahead of demand but what a socket buffers. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes all of `data`; resolves when the system took it. */
  write(data: Uint8Array): Promise<number>;
  /** Sends FIN; the read side stays open. */
  closeWrite(): Promise<void>;
  /** Closes both directions; what was written is still delivered. */
  close(): void;
  /** Closes with RST. */
  reset(): void;
}

/** A peer that takes connections. */
export interface ListeningPeer {
  /** The address to dial over the network that it was asked to listen on. */
  readonly address: string;
  /** How many connections it has seen, also those that nobody has accepted yet. */
  readonly seen: number;
  /** The next connection, in the order in which they came. */
  accept(): Promise<PeerConn>;
  /** Stops listening and destroys all its connections. */
  close(): Promise<void>;
}

/** A peer that lets dials hang: they neither succeed nor fail. */
export interface SilentPeer {
  /** The address to dial over `tcp`. */
  readonly address: string;
  /** From now on, connections are accepted, those that hang too; their bytes are read and dropped. */
  answer(): void;
  /**
   * Stops listening, and waits until all connections it accepted are closed by the other side.
   *
   * @throws If one of them stays open.
   */
  close(): Promise<void>;
}

/**
 * The peers that a dialer is tested against. The default are servers on the loopback; give your own where the dialer
 * cannot reach those, such as a network in memory.
 */
export interface Peers {
  /** Starts a peer that takes connections; `tcp6` listens on IPv6. */
  listen(network: "tcp" | "tcp6" | "unix"): Promise<ListeningPeer>;
  /** Starts a peer that lets dials hang. */
  silent(): Promise<SilentPeer>;
  /** A `tcp` address where nobody listens. */
  readonly refused: string;
  /** A `tcp` address to which there is no way. */
  readonly unreachable: string;
  /** A `tcp` address whose name cannot be looked up. */
  readonly unknownName: string;
  /** A `unix` address where there is nothing. */
  readonly missingPath: string;
  /** An IP address that is none of this machine's. */
  readonly foreignAddress: string;
}

/** The codes that the dialer reports for failures whose name depends on who notices them. */
export interface ContractCodes {
  /** Nobody listens there. */
  refused: DialErrorCode;
  /** There is no way there. */
  unreachable: DialErrorCode;
  /** There is no such name. */
  unknownName: DialErrorCode;
  /** There is nothing at the path. */
  missingPath: DialErrorCode;
  /** The local address is none of this machine's. */
  foreignAddress: DialErrorCode;
}
