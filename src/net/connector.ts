import type { Addr } from "../core/addr.ts";
import type { BaseConn } from "../conn/base_conn.ts";
import type { DialErrorCode } from "../core/dial_error_code.ts";
import type { IpFamily } from "../ip/ip_literal.ts";

/** A single thing to connect to: an IP literal and port, or a unix path. */
export type ConnectRequest =
  | {
    readonly family: IpFamily;
    /** The IP literal, zone included. */
    readonly host: string;
    readonly port: number;
    /** The IP literal to bind to. */
    readonly localAddress: string | undefined;
    /** The local port to bind to. */
    readonly localPort: number | undefined;
  }
  | { readonly path: string };

/** Why a single attempt failed. */
export interface ConnectFailure {
  readonly code: DialErrorCode;
  /** Why, for a person; by default what the code means. */
  readonly reason?: string;
  /** What the runtime said. */
  readonly cause?: unknown;
}

/** Told once how an attempt ended; not at all after it was cancelled. */
export type ConnectDone = (failure: ConnectFailure | undefined, conn?: BaseConn) => void;

/** What the dialer needs of a runtime. */
export interface Connector {
  /**
   * Starts one attempt. Must not throw, and must not call `done` before it has returned.
   *
   * @param cancellable `false` promises that the attempt will not be cancelled, where preparing for it costs something.
   * @returns Cancels the attempt: `done` is not called any more, and a socket that opens late is closed.
   */
  connect(request: ConnectRequest, done: ConnectDone, cancellable: boolean): () => void;
  /**
   * Connects to a name, for a runtime whose permissions may cover a name but neither its lookup nor its addresses.
   */
  connectName?(host: string, port: number, done: ConnectDone): () => void;
}

/** The remote end of the connection that a request asks for; runtimes drop the zone from what they report. */
export function remoteAddrOf(request: ConnectRequest): Addr {
  if ("path" in request) return { transport: "unix", path: request.path };
  return { transport: "tcp", hostname: request.host, port: request.port };
}

/** The local end of a connection, of which some runtimes drop the zone: a link-local address is in that of its peer. */
export function localAddrOf(
  { localAddress: hostname = "", localPort: port = 0 }: {
    localAddress?: string | undefined;
    localPort?: number | undefined;
  },
  request: ConnectRequest,
): Addr {
  if ("path" in request) return { transport: "unix", path: "" };
  const zone = hostname.startsWith("fe80:") && !hostname.includes("%")
    ? /%.*$/s.exec(request.host)?.[0] ?? ""
    : "";
  return { transport: "tcp", hostname: sameString(hostname + zone), port };
}

/** The connections of a process mostly begin at the same address, of which one string is enough. */
function sameString(hostname: string): string {
  return lastHostname = hostname === lastHostname ? lastHostname : hostname;
}

let lastHostname = "";
