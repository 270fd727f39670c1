import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTLSServer, type TlsOptions } from "node:tls";

/** How a fake proxy listens. */
export interface FakeServerOptions {
  /** Makes it listen with TLS. */
  tls?: TlsOptions;
  /** A unix path to listen on instead of a port. */
  path?: string;
}

/** A proxy in this process: written from the standards, without any of the code under test. */
export abstract class FakeServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #path: string | undefined;
  /** Whether clients come over nothing but TCP. */
  readonly #plain: boolean;
  /** How many connections it has taken. */
  connections = 0;
  /** What clients did that the protocol forbids. */
  readonly faults: string[] = [];

  constructor({ tls, path }: FakeServerOptions) {
    const serve = (socket: Socket) => {
      this.connections++;
      this.#track(socket);
      this.serve(socket).catch((error) => {
        this.faults.push(String(error));
        socket.destroy();
      });
    };
    this.#path = path;
    this.#plain = tls === undefined && path === undefined;
    const options = { allowHalfOpen: true, noDelay: true };
    this.#server = tls === undefined
      ? createServer(options, serve)
      : createTLSServer({ handshakeTimeout: 500, ...options, ...tls }, serve);
    // Below TLS there is another socket, which is all there is of a handshake that fails.
    if (tls !== undefined) this.#server.on("connection", (socket) => this.#track(socket));
    // A client that gives up in the midst of TLS is its own affair.
    this.#server.on("tlsClientError", (_, socket: Socket) => socket.destroy());
  }

  /** Serves one connection. */
  protected abstract serve(socket: Socket): Promise<void>;

  async listen(): Promise<this> {
    if (this.#path === undefined) this.#server.listen(0, "127.0.0.1");
    else this.#server.listen(this.#path);
    await once(this.#server, "listening");
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return this.#path ?? `127.0.0.1:${this.port}`;
  }

  /** How many connections, of clients and to targets, are open. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Resolves when every connection is gone. */
  async idle(): Promise<void> {
    while (this.#sockets.size > 0) {
      await Promise.race([...this.#sockets].map((socket) => once(socket, "close").catch(() => {})));
    }
  }

  /** Stops listening and destroys all connections. */
  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
  }

  /** Says nothing more, until the client ends. */
  protected ignore(socket: Socket): void {
    socket.removeAllListeners("readable").resume().on("end", () => socket.end());
  }

  /** Closes a client's connection with RST where there can be one: Node throws for TLS and unix sockets. */
  protected reset(client: Socket): void {
    if (this.#plain) client.resetAndDestroy();
    else client.destroy();
  }

  /** Connects to the target for a client; gives the error's code where that fails. */
  protected async reach(client: Socket, host: string, port: number): Promise<Socket | string> {
    const target = connect({ host, port, allowHalfOpen: true, noDelay: true });
    this.#track(target);
    const gone = () => target.destroy();
    client.on("close", gone);
    try {
      await once(target, "connect");
      return target;
    } catch (error) {
      return (error as { code?: string }).code ?? "unknown";
    } finally {
      client.off("close", gone);
    }
  }

  /** Carries bytes, ends and resets both ways. */
  protected tunnel(client: Socket, target: Socket): void {
    for (const [from, to] of [[client, target], [target, client]] as const) {
      from.pipe(to);
      from.on("error", (error) => {
        if ((error as { code?: string }).code !== "ECONNRESET") to.destroy();
        else if (to === client) this.reset(client);
        else to.resetAndDestroy();
      });
      from.on("close", () => {
        if (!from.readableEnded) to.destroy();
      });
      if (from.destroyed) to.destroy();
    }
  }
}

/** The first bytes of a target, to be sent together with the answer. */
export async function firstBytes(target: Socket): Promise<Uint8Array> {
  const [chunk] = await once(target, "data") as [Uint8Array];
  target.pause();
  return new Uint8Array(chunk);
}
