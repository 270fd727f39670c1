import type { Conn } from "../core/conn.ts";
import type { ConnectRequest } from "./connector.ts";
import { ipBytes } from "../ip/ip_bytes.ts";

/**
 * Whether a connection is an unintended connection with itself. TCP makes one where there is no
 * listener and the system chooses the dialed port as the local one (RFC 9293 §3.5, simultaneous
 * open): all written bytes would come back. With an explicit local port it may be intended.
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
