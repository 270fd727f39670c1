import { connect as tlsConnect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { certificateName } from "../../ip/host_name.ts";
import { ipFamily } from "../../ip/ip_literal.ts";
import type { ConnDuplex } from "../conn_duplex.ts";
import { type ConnectRequest, hostOf } from "./connect_request.ts";
import { linkFlow } from "./link_flow.ts";

/**
 * Adds TLS to a stream, connected or not, as a request asks for it.
 *
 * @param transport The stream.
 * @param request The request; its options of `tls.connect` take precedence over `defaults`.
 * @param defaults Further options of `tls.connect`.
 * @returns The socket, which also emits the connect events of the transport.
 */
export function tlsOver(
  transport: ConnDuplex,
  request: ConnectRequest,
  defaults: ConnectionOptions,
): TLSSocket {
  const asked = request.servername || hostOf(request);
  const host = certificateName(asked) ?? asked;
  const { signal: _signal, timeout: _timeout, ...rest } = request;
  const socket = tlsConnect({
    ...defaults,
    ...definedOf(rest),
    // The name to verify where none is sent.
    host,
    servername: ipFamily(host) === undefined ? host : "",
    // In a request this is the path of HTTP, and `tls.connect` would read it as a unix socket.
    path: undefined,
    socket: transport,
  });
  // The socket emits the transport's errors; Bun also destroys the transport with the socket's.
  transport.on("error", () => {});
  linkFlow(socket, transport);
  linkConnecting(socket, transport);
  // The handle of a TLSSocket over a stream does not control what keeps the process alive.
  socket.ref = () => (transport.ref(), socket);
  socket.unref = () => (transport.unref(), socket);
  return socket;
}

/** Forwards the connect events: clients such as got wait for them on a TLS socket of Node's own. */
function linkConnecting(socket: TLSSocket, transport: ConnDuplex): void {
  for (const event of ["lookup", "connect", "ready"]) {
    transport.on(event, (...args: unknown[]) => socket.emit(event, ...args));
  }
  Object.defineProperty(socket, "connecting", {
    configurable: true,
    get: () => transport.connecting,
    set() {},
  });
}

/** Removes undefined options: a client's `ca: undefined` must not override the connector's. */
function definedOf(call: object): object {
  return Object.fromEntries(Object.entries(call).filter(([, value]) => value != null));
}
