import { connError } from "../../core/conn_error.ts";
import { ConnDuplex } from "../conn_duplex.ts";
import { readConnectArgs } from "./connect_args.ts";
import type { NodeConnectOptions } from "./connect_request.ts";

/** Starts the dial of a socket. */
export type BeginConnect = (socket: ConnSocket, options: NodeConnectOptions) => void;

/** A stream that dials the target of its `connect`, as a `net.Socket` does. */
export class ConnSocket extends ConnDuplex {
  readonly #begin: BeginConnect;
  #asked = false;

  /**
   * Makes an unconnected stream.
   *
   * @param begin Starts the dial.
   */
  constructor(begin: BeginConnect) {
    // With `allowHalfOpen: false` the stream ends with the peer, as a `net.Socket`; agents rely on
    // it.
    super(undefined, { allowHalfOpen: false });
    this.#begin = begin;
  }

  /**
   * Connects, with the arguments of `net.Socket.connect`. It can be called once, because a stream
   * has one connection for its lifetime.
   *
   * @param args `(options)`, `(port, host)`, `(path)` or `(url)`, and then a listener of
   *   `"connect"`.
   * @returns The stream itself.
   * @throws {TypeError | RangeError} If the arguments have none of these forms, or ask for TLS.
   * @throws {ConnError} If the stream was connected before (`EISCONN`) or is destroyed
   *   (`ERR_STREAM_DESTROYED`).
   */
  connect(...args: unknown[]): this {
    const { options, callback } = readConnectArgs(args);
    if (this.destroyed) {
      throw connError("ERR_STREAM_DESTROYED", "Cannot connect: the stream was destroyed");
    }
    if (this.#asked) throw connError("EISCONN", "Cannot connect: the stream was connected before");
    this.#begin(this, options);
    this.#asked = true;
    if (callback !== undefined) this.once("connect", callback);
    return this;
  }
}
