/**
 * Takes TLS connections and carries their bytes to plain ones, half-close and resets included.
 *
 * A program for Node, whatever runtime is under test: a server's TLS sockets on Bun end both directions when one ends, and on
 * Deno forget the end that comes while nobody reads.
 *
 * Arguments: the host or path to listen on, the plain port on 127.0.0.1, and options for TLS as JSON. Says the port that it
 * listens on, and stops at the end of stdin.
 */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { createSecureContext, TLSSocket, type TLSSocketOptions } from "node:tls";
import { server as certificate } from "../certs/certificates.ts";

const [listenOn = "", plainPort, json = "{}"] = process.argv.slice(2);
const options: TLSSocketOptions = { ...certificate, ...JSON.parse(json) };
const secureContext = createSecureContext(options);
const open = new Set<Socket>();

const server = createServer({ allowHalfOpen: true, noDelay: true }, (raw) => {
  const plain = connect({
    host: "127.0.0.1",
    port: Number(plainPort),
    allowHalfOpen: true,
    noDelay: true,
  });
  const secure = new TLSSocket(raw, { ...options, secureContext, isServer: true });
  for (const socket of [raw, plain]) {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  }
  raw.on("error", () => {});
  secure.on("error", (error: { code?: string }) => {
    if (error.code === "ECONNRESET") plain.resetAndDestroy();
    else plain.destroySoon();
  });
  plain.on("error", () => raw.resetAndDestroy());
  // Nothing goes either way before the session's tickets are out: a write of them that fails for a reset looks like an end, and
  // an end before them has no close_notify.
  const held = new PassThrough();
  held.cork();
  secure.on("secure", () =>
    setImmediate(() => {
      held.uncork();
      plain.pipe(secure);
    }));
  secure.pipe(held).pipe(plain);
});

if (listenOn.startsWith("/")) server.listen(listenOn);
else server.listen(0, listenOn);
server.on("listening", () => {
  const address = server.address();
  console.log(typeof address === "string" ? 0 : (address as AddressInfo).port);
});
process.stdin.on("end", () => {
  server.close();
  for (const socket of open) socket.destroy();
}).resume();
