import { connect, type Socket } from "node:net";
import { splitHostPort } from "../../src/core/host_port.ts";
import { netPeer } from "../stream/net_peer.ts";

/** Somebody on the way, who carries the bytes of one connection until told otherwise. */
export interface Relay {
  readonly address: string;
  /** What came from the client so far. */
  sent(): Uint8Array;
  /** Settles when the client has ended its side. */
  readonly clientEnded: Promise<void>;
  /** Settles when the end of the other side went to the client. */
  readonly peerEnded: Promise<void>;
  /** Ends the client's connection, as anybody on the way can. */
  cut(): void;
  close(): Promise<void>;
}

export async function relay(to: string): Promise<Relay> {
  const server = await netPeer();
  const { host, port } = splitHostPort(to);
  const upstream = connect({ host, port, allowHalfOpen: true });
  upstream.on("error", () => {});
  const chunks: Uint8Array[] = [];
  let client: Socket | undefined;
  let isCut = false;
  let tellClientEnded = () => {};
  let tellPeerEnded = () => {};
  const clientEnded = new Promise<void>((resolve) => tellClientEnded = resolve);
  const peerEnded = new Promise<void>((resolve) => tellPeerEnded = resolve);
  server.accept().then((socket) => {
    client = socket;
    socket.on("data", (chunk: Uint8Array) => {
      chunks.push(chunk);
      upstream.write(chunk);
    });
    socket.on("end", () => {
      tellClientEnded();
      upstream.end();
    });
    upstream.on("data", (chunk) => isCut || socket.write(chunk));
    upstream.on("end", () => isCut || socket.end(tellPeerEnded));
  });
  return {
    address: server.address,
    sent: () => new Uint8Array(Buffer.concat(chunks)),
    clientEnded,
    peerEnded,
    cut() {
      isCut = true;
      client?.end();
    },
    async close() {
      upstream.destroy();
      await server.close();
    },
  };
}

/** A TLS record on its way. */
export interface TlsRecord {
  /** The content type: 21 is an alert, 23 data, or anything in TLS 1.3 (RFC 8446 §5.1). */
  readonly type: number;
  /** The bytes in it, encrypted. */
  readonly length: number;
}

/** The TLS records in some bytes. */
export function recordsOf(bytes: Uint8Array): TlsRecord[] {
  const records: TlsRecord[] = [];
  for (let at = 0; at + 5 <= bytes.length;) {
    const length = bytes[at + 3]! << 8 | bytes[at + 4]!;
    records.push({ type: bytes[at]!, length });
    at += 5 + length;
  }
  return records;
}
