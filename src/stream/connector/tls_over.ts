import { connect as tlsConnect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { ipFamily } from "../../ip/ip_literal.ts";
import type { ConnDuplex } from "../conn_duplex.ts";
import { type ConnectRequest, hostOf } from "./connect_request.ts";
import { linkFlow } from "./link_flow.ts";

/**
 * Makes TLS over a stream as a request asks for it, connected or not.
 *
 * @param transport The stream.
 * @param request The request, whose options of `tls.connect` go before those in `defaults`.
 * @param defaults What `tls.connect` takes besides.
 * @returns The socket, with the events of the connecting below.
 */
export function tlsOver(
  transport: ConnDuplex,
  request: ConnectRequest,
  defaults: ConnectionOptions,
): TLSSocket {
  const host = hostOf(request);
  const { signal: _signal, timeout: _timeout, ...rest } = request;
  const socket = tlsConnect({
    ...defaults,
    ...definedOf(rest),
    host,
    servername: request.servername || (ipFamily(host) === undefined ? host : ""),
    // Here it is no path of a socket, but at times that of a request.
    path: undefined,
    socket: transport,
  });
  // The socket emits the transport's errors; Bun destroys the transport with those of the socket.
  transport.on("error", () => {});
  linkFlow(socket, transport);
  linkConnecting(socket, transport);
  // The handle of a TLSSocket over a stream does not know what keeps the process alive.
  socket.ref = () => (transport.ref(), socket);
  socket.unref = () => (transport.unref(), socket);
  return socket;
}

/** Clients such as got wait for what a TLS socket of Node's own tells of the connection below it. */
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

/** A client's `ca: undefined` shall not undo the connector's. */
function definedOf(call: object): object {
  return Object.fromEntries(Object.entries(call).filter(([, value]) => value != null));
}
