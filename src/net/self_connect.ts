import type { Conn } from "../core/conn.ts";
import type { ConnectRequest } from "./connector.ts";
import { ipBytes } from "../ip/ip_bytes.ts";

/**
 * Tells whether a connection is one with itself that nobody asked for. TCP makes such where nobody listens and the system happens to
 * choose the very port that is dialed as the local one (RFC 9293 §3.5, simultaneous open): everything written would come
 * back. Who asks for a local port may want one.
 */
export function isAccidental(conn: Conn, request: ConnectRequest): boolean {
  return !("path" in request) && request.localPort === undefined && isSelfConnected(conn);
}

export function isSelfConnected(
  { localAddr, remoteAddr }: Pick<Conn, "localAddr" | "remoteAddr">,
): boolean {
  if (localAddr.transport === "unix" || remoteAddr.transport === "unix") return false;
  if (localAddr.port !== remoteAddr.port) return false;
  const [local, remote] = [ipBytes(localAddr.hostname), ipBytes(remoteAddr.hostname)];
  return local !== undefined && remote !== undefined && String(local) === String(remote);
}
