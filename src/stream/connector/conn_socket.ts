import { connError } from "../../core/conn_error.ts";
import { ConnDuplex } from "../conn_duplex.ts";
import { readConnectArgs } from "./connect_args.ts";
import type { NodeConnectOptions } from "./connect_request.ts";

/** Begins to dial for a socket. */
export type BeginConnect = (socket: ConnSocket, options: NodeConnectOptions) => void;

/** A stream whose target is told by `connect`, as that of a `net.Socket`. */
export class ConnSocket extends ConnDuplex {
  readonly #begin: BeginConnect;
  #asked = false;

  /**
   * Makes a stream that is yet to be connected.
   *
   * @param begin Begins to dial.
   */
  constructor(begin: BeginConnect) {
    // Of a peer's end the stream makes an end of its own, as a `net.Socket`, which agents rely on.
    super(undefined, { allowHalfOpen: false });
    this.#begin = begin;
  }

  /**
   * Connects, in each of the forms that Node's own take: once, as what it connects is dialed for this
   * stream alone.
   *
   * @param args `(options)`, `(port, host)`, `(path)` or `(url)`, and then a listener of `"connect"`.
   * @returns The stream itself.
   * @throws {TypeError | RangeError} If the arguments are of no such form, or ask for TLS.
   * @throws {ConnError} If the stream was connected before (`EISCONN`) or is destroyed (`ERR_STREAM_DESTROYED`).
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
