import type { DialErrorCode } from "../../src/core/dial_error_code.ts";
/** The peer's side of a connection, with the meanings of `Conn`. */
export interface PeerConn {
  /**
   * Reads up to `buffer.byteLength` bytes; `null` at the end. Nothing is read ahead except into the
   * socket's buffer.
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes all of `data`; resolves when the system has accepted it. */
  write(data: Uint8Array): Promise<number>;
  /** Sends FIN; the read side stays open. */
  closeWrite(): Promise<void>;
  /** Closes both directions; written data is still delivered. */
  close(): void;
  /** Closes with RST. */
  reset(): void;
}

/** A peer that accepts connections. */
export interface ListeningPeer {
  /** The address to dial, over the network passed to `listen`. */
  readonly address: string;
  /** The number of connections so far, including those not yet accepted. */
  readonly seen: number;
  /** The next connection, in order of arrival. */
  accept(): Promise<PeerConn>;
  /** Stops listening and destroys all its connections. */
  close(): Promise<void>;
}

/** A peer whose dials hang: they neither succeed nor fail. */
export interface SilentPeer {
  /** The address to dial over `tcp`. */
  readonly address: string;
  /**
   * Accepts all connections from now on, pending ones included; their bytes are read and dropped.
   */
  answer(): void;
  /**
   * Stops listening, and waits until all connections it accepted are closed by the other side.
   *
   * @throws If one of them stays open.
   */
  close(): Promise<void>;
}

/**
 * The peers for testing a dialer. The default peers are servers on the loopback. A dialer that
 * cannot reach those, such as one for a network in memory, needs its own.
 */
export interface Peers {
  /** Starts a peer that accepts connections; `tcp6` listens on IPv6. */
  listen(network: "tcp" | "tcp6" | "unix"): Promise<ListeningPeer>;
  /** Starts a peer whose dials hang. */
  silent(): Promise<SilentPeer>;
  /** A `tcp` address without a listener. */
  readonly refused: string;
  /** A `tcp` address without a route. */
  readonly unreachable: string;
  /** A `tcp` address whose name cannot be looked up. */
  readonly unknownName: string;
  /** A `unix` path that does not exist. */
  readonly missingPath: string;
  /** An IP address that does not belong to this machine. */
  readonly foreignAddress: string;
}

/** The codes of failures that depend on the component that detects them. */
export interface ContractCodes {
  /** No listener at the address. */
  refused: DialErrorCode;
  /** No route to the address. */
  unreachable: DialErrorCode;
  /** No such name. */
  unknownName: DialErrorCode;
  /** No such path. */
  missingPath: DialErrorCode;
  /** The local address does not belong to this machine. */
  foreignAddress: DialErrorCode;
}
