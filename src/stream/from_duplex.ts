import type { Duplex as NodeDuplex } from "node:stream";
import type { Addr } from "../core/addr.ts";
import type { Conn } from "../core/conn.ts";
import { address, anyObject, readOptions } from "../core/options.ts";
import { StreamConn } from "./stream_conn.ts";

/** A Node stream that can be read and written, as `node:stream` has it. */
export type Duplex = NodeDuplex;

/** What {@linkcode fromDuplex} cannot tell by itself. */
export interface FromDuplexOptions {
  /**
   * The local end.
   *
   * @default What the stream says, as a `net.Socket` does, else an unnamed unix end.
   */
  localAddr?: Addr;
  /**
   * The remote end.
   *
   * @default What the stream says, as a `net.Socket` does, else an unnamed unix end.
   */
  remoteAddr?: Addr;
}

/**
 * Makes a connection of any Node stream of bytes: a `net.Socket`, a `tls.TLSSocket`, the tunnel of an HTTP `CONNECT` or an
 * upgraded WebSocket. All that a {@linkcode Conn} promises holds, as far as the stream tells: one that is destroyed before
 * its end is an error with the code `ERR_STREAM_PREMATURE_CLOSE` and not an end, and a write is accepted when the
 * stream has called back.
 *
 * Its two directions end separately, unless the stream was made otherwise on Bun, whose sockets take no change of
 * `allowHalfOpen`. `reset()` sends RST where the stream has a `resetAndDestroy`.
 *
 * @example
 * const conn = fromDuplex(tls.connect(443, "peer.example"));
 * await conn.write(new TextEncoder().encode("hello\n"));
 *
 * @param stream The stream, which is the connection's alone from now on.
 * @param options What the stream cannot tell.
 * @returns The connection; its `report` says only that it was not dialed here.
 * @throws {TypeError} If `stream` is in object mode, or gives strings.
 */
export function fromDuplex(stream: Duplex, options: FromDuplexOptions = {}): Conn {
  anyObject(stream, "the stream of a connection");
  const read = readOptions<FromDuplexOptions>("fromDuplex", options, {
    ...{ localAddr: address, remoteAddr: address },
  });
  if (stream.readableObjectMode || stream.writableObjectMode) {
    throw new TypeError("Cannot make a connection of a stream in object mode");
  }
  if (stream.readableEncoding) {
    throw new TypeError(
      `Cannot make a connection of a stream that gives strings ("${stream.readableEncoding}")`,
    );
  }
  stream.allowHalfOpen = true;
  const { localAddress, localPort, remoteAddress, remotePort } = stream as AddressedStream;
  const conn = new StreamConn({
    stream,
    localAddr: read.localAddr ?? addrOf(localAddress, localPort),
    remoteAddr: read.remoteAddr ?? addrOf(remoteAddress, remotePort),
    // A stream may keep what it was given beyond its callback, and the caller may use it again.
    copies: true,
  });
  conn.setReport({
    kind: "stream",
    label: "a stream that was not dialed here",
    startMs: 0,
    durationMs: 0,
    outcome: "ok",
    children: [],
  });
  return conn;
}

type AddressedStream = Duplex & {
  localAddress?: unknown;
  localPort?: unknown;
  remoteAddress?: unknown;
  remotePort?: unknown;
};

function addrOf(hostname: unknown, port: unknown): Addr {
  return typeof hostname === "string" && typeof port === "number"
    ? { transport: "tcp", hostname, port }
    : { transport: "unix", path: "" };
}
