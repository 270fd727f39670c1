import type { Duplex as NodeDuplex } from "node:stream";
import type { Addr } from "../core/addr.ts";
import type { Conn } from "../core/conn.ts";
import { address, anyObject, readOptions } from "../core/options.ts";
import { StreamConn } from "./stream_conn.ts";

/** A readable and writable Node stream, as in `node:stream`. */
export type Duplex = NodeDuplex;

/** Properties that {@linkcode fromDuplex} cannot read from every stream. */
export interface FromDuplexOptions {
  /**
   * The local end.
   *
   * @default The stream's own, as a `net.Socket` has it, else an unnamed unix end.
   */
  localAddr?: Addr;
  /**
   * The remote end.
   *
   * @default The stream's own, as a `net.Socket` has it, else an unnamed unix end.
   */
  remoteAddr?: Addr;
}

/**
 * Makes a connection of a Node stream of bytes: a `net.Socket`, a `tls.TLSSocket`, the tunnel of an
 * HTTP `CONNECT` or an upgraded WebSocket. It keeps the contract of {@linkcode Conn} as far as the
 * stream reports its state. A stream destroyed before its end fails the read with the code
 * `ERR_STREAM_PREMATURE_CLOSE`. A write is complete when the stream calls back.
 *
 * Its two directions end separately. Bun's sockets ignore a later change of `allowHalfOpen`, so
 * there the stream must be created with it. `reset()` sends RST if the stream has a
 * `resetAndDestroy`.
 *
 * @example
 * const conn = fromDuplex(tls.connect(443, "peer.example"));
 * await conn.write(new TextEncoder().encode("hello\n"));
 *
 * @param stream The stream, which the connection owns from now on.
 * @param options The ends, for a stream without them.
 * @returns The connection. Its `report` only states that it was not dialed here.
 * @throws {TypeError} If `stream` is in object mode, or has an encoding.
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
    // A stream may keep the chunk after its callback, while the caller may reuse it.
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
