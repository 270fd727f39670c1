import type { Addr } from "../core/addr.ts";
import type { BaseConn } from "../conn/base_conn.ts";
import type { DialErrorCode } from "../core/dial_error_code.ts";
import type { IpFamily } from "../ip/ip_literal.ts";

/** The target of one attempt: an IP literal and port, or a unix path. */
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
  /** Why, in words; by default the meaning of the code. */
  readonly reason?: string;
  /** The runtime's error. */
  readonly cause?: unknown;
}

/** Called once when an attempt ends; never after it was cancelled. */
export type ConnectDone = (failure: ConnectFailure | undefined, conn?: BaseConn) => void;

/** The operations that the dialer needs from a runtime. */
export interface Connector {
  /**
   * Starts one attempt. Must not throw, and must not call `done` before it has returned.
   *
   * @param cancellable `false` promises that the attempt will not be cancelled, for runtimes where
   * cancelling has a cost.
   * @returns Cancels the attempt: `done` is not called afterwards, and a socket that opens late is
   * closed.
   */
  connect(request: ConnectRequest, done: ConnectDone, cancellable: boolean): () => void;
  /**
   * Connects to a name, for a runtime whose permissions cover a name but neither its lookup nor its
   * addresses.
   */
  connectName?(host: string, port: number, done: ConnectDone): () => void;
}

/** The remote end of a requested connection. Runtimes omit the zone in their own address. */
export function remoteAddrOf(request: ConnectRequest): Addr {
  if ("path" in request) return { transport: "unix", path: request.path };
  return { transport: "tcp", hostname: request.host, port: request.port };
}

/**
 * The local end of a connection. Some runtimes omit the zone; for a link-local address it is the
 * peer's zone.
 */
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

/** Most connections of a process have the same local address, so they share one string. */
function sameString(hostname: string): string {
  return lastHostname = hostname === lastHostname ? lastHostname : hostname;
}

let lastHostname = "";
