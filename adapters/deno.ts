import type { Addr } from "../src/core/addr.ts";
import { BaseConn } from "../src/core/base_conn.ts";
import { connError } from "../src/core/conn_error.ts";
import type { SystemErrorCode } from "../src/core/dial_error_code.ts";
import type { ContextDialer } from "../src/core/dialer.ts";
import { systemErrorCode } from "../src/core/error_reason.ts";
import { joinHostPort } from "../src/core/host_port.ts";
import {
  type ConnectDone,
  type ConnectFailure,
  type Connector,
  remoteAddrOf,
} from "../src/resolve/connector.ts";
import { netDialer } from "../src/resolve/net_dialer.ts";
import type { NetDialerOptions } from "../src/resolve/net_dialer_options.ts";
import { failLater } from "./connect_failure.ts";
import { zoneFailure } from "./local_interface.ts";
import { netConnector } from "./net_connector.ts";

/** How a dialer over Deno's sockets behaves. */
export interface DenoDialerOptions extends NetDialerOptions {
  /**
   * `"native"` is `Deno.connect`, the fastest; `"node"` is Deno's `node:net`, which can also set the keep-alive idle time and
   * send RST.
   *
   * @default {"native"} Or `"node"` where `localAddress`, `localPort` or a number for `keepAlive` asks for it.
   */
  api?: "native" | "node";
}

/**
 * Makes a dialer over `Deno.connect`, as `systemDialer` does on Deno.
 *
 * `Deno.connect` can neither set the keep-alive idle time nor send RST: there keep-alive has the system's idle time and
 * `reset()` closes with FIN. Where the permissions cover a name but neither its lookup nor its addresses
 * (`--allow-net=peer.example:4001`), the name itself goes to `Deno.connect`.
 *
 * @example
 * const dialer = denoDialer({ timeoutMs: 5_000 });
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 *
 * @param options How the dialer behaves.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If an option is unusable, or `api: "native"` cannot do what another option asks.
 */
export function denoDialer(options: DenoDialerOptions = {}): ContextDialer {
  const needsNode = ([["localAddress", options.localAddress], ["localPort", options.localPort], [
    "keepAlive",
    options.keepAlive === false ? undefined : options.keepAlive,
  ]] as const).find(([, value]) => value !== undefined)?.[0];
  const { api = needsNode === undefined ? "native" : "node" } = options;
  if (api !== "native" && api !== "node") {
    throw new TypeError(`api must be "native" or "node", not ${JSON.stringify(api)}`);
  }
  if (api === "native" && needsNode !== undefined) {
    throw new TypeError(`Deno.connect cannot set ${needsNode}: leave api: "native" away`);
  }
  return netDialer(api === "node" ? nodeConnector(options) : denoConnector(options), options);
}

/** Deno's `node:net` throws where nobody can catch it, if the permissions do not cover the local end: so they are asked. */
function nodeConnector(options: DenoDialerOptions): Connector {
  const connector = netConnector(options);
  return {
    connect(request, done, cancellable) {
      if (!("path" in request) && (request.localAddress ?? request.localPort) !== undefined) {
        const { family, localAddress = family === 4 ? "0.0.0.0" : "::", localPort = 0 } = request;
        const host = joinHostPort(localAddress, localPort);
        if (Deno.permissions.requestSync({ name: "net", host }).state !== "granted") {
          const reason = `Requires net access to "${host}"`;
          return failLater({ code: "EACCES", reason }, done);
        }
      }
      return connector.connect(request, done, cancellable);
    },
  };
}

function denoConnector(options: DenoDialerOptions): Connector {
  const { keepAlive, noDelay = true } = options;
  const opened = (conn: DenoSocket, remoteAddr: Addr) => {
    if (remoteAddr.transport === "tcp") {
      if (noDelay) conn.setNoDelay!(true);
      if (keepAlive !== false) conn.setKeepAlive!(true);
    }
    return new DenoConn(conn, remoteAddr);
  };
  return {
    connect(request, done, cancellable) {
      const toConn = (conn: DenoSocket) => opened(conn, remoteAddrOf(request));
      if ("path" in request) {
        // `Deno.connect` ignores the signal here, so a socket that opens late is closed.
        return open(() => Deno.connect({ transport: "unix", path: request.path }), toConn, done);
      }
      const { host: hostname, port } = request;
      const failure = zoneFailure(hostname);
      if (failure !== undefined) return failLater(failure, done);
      if (!cancellable) return openForGood(Deno.connect({ hostname, port }), toConn, done);
      return open((signal) => Deno.connect({ hostname, port, signal }), toConn, done);
    },
    connectName(hostname, port, done) {
      return open(
        (signal) => Deno.connect({ hostname, port, signal }),
        (conn) => opened(conn, conn.remoteAddr as Addr),
        done,
      );
    },
  };
}

function open(
  connect: (signal: AbortSignal) => Promise<DenoSocket>,
  opened: (conn: DenoSocket) => DenoConn,
  done: ConnectDone,
): () => void {
  const controller = new AbortController();
  // The last thing that `Deno.connect` does is to ask this, and if it throws then, nobody has the connection to close it.
  controller.signal.throwIfAborted = () => {};
  let cancelled = false;
  connect(controller.signal).then(
    (conn) => cancelled ? conn.close() : done(undefined, opened(conn)),
    (error) => cancelled || done(connectFailure(error)),
  );
  return () => {
    cancelled = true;
    controller.abort();
  };
}

/** Without the signal, which costs a tenth of a dial. */
function openForGood(
  connecting: Promise<DenoSocket>,
  opened: (conn: DenoSocket) => DenoConn,
  done: ConnectDone,
): () => void {
  connecting.then((conn) => done(undefined, opened(conn)), (error) => done(connectFailure(error)));
  return () => {};
}

/** What Deno's error classes without a code mean. */
const codes: Record<string, SystemErrorCode> = {
  BrokenPipe: "EPIPE",
  ConnectionAborted: "ECONNABORTED",
  ConnectionRefused: "ECONNREFUSED",
  ConnectionReset: "ECONNRESET",
  NetworkUnreachable: "ENETUNREACH",
  NotCapable: "EACCES",
  NotFound: "ENOENT",
  PermissionDenied: "EACCES",
  TimedOut: "ETIMEDOUT",
};

function connectFailure(error: unknown): ConnectFailure {
  const { name, message } = error as Error;
  if (name === "NotCapable") {
    return { code: "EACCES", reason: message.replace(/, run again.*$/, ""), cause: error };
  }
  const known = systemErrorCode(error) ?? codes[name];
  if (known !== undefined) return { code: known, cause: error };
  if (/failed to lookup address/.test(message)) return { code: "ENOTFOUND", cause: error };
  return { code: "ERR_DIAL_FAILED", cause: error };
}

class DenoConn extends BaseConn {
  readonly #conn: DenoSocket;
  #receiving = 0;
  #ended = false;

  constructor(conn: DenoSocket, remoteAddr: Addr) {
    super(localAddrOf(conn, remoteAddr), remoteAddr);
    this.#conn = conn;
  }

  protected receive(buffer: Uint8Array): Promise<number | null> {
    this.#receiving++;
    return this.#conn.read(buffer).then((count) => {
      this.#receiving--;
      if (count === null) this.#ended = true;
      return count;
    }, (error) => {
      this.#ended = true;
      throw this.#ioError("read", error);
    });
  }

  protected get receivedAll(): boolean {
    return this.#ended || this.#receiving > 0;
  }

  protected async send(data: Uint8Array): Promise<void> {
    try {
      // A single call may take only a part.
      let sent = await this.#conn.write(data);
      while (sent < data.byteLength) sent += await this.#conn.write(data.subarray(sent));
    } catch (error) {
      throw this.#ioError("write", error);
    }
  }

  protected async shutdown(): Promise<void> {
    try {
      await this.#conn.closeWrite();
    } catch (error) {
      throw this.#ioError("close the write side", error);
    }
  }

  #ioError(call: string, error: unknown): unknown {
    if (this.closed) {
      return connError("ERR_CONN_CLOSED", `Cannot ${call}: the connection is closed`, error);
    }
    const code = systemErrorCode(error) ?? codes[(error as Error).name];
    if (code === undefined || (error as { code?: unknown }).code === code) return error;
    return connError(code, `Cannot ${call}: ${(error as Error).message}`, error);
  }

  protected destroy(): void {
    try {
      this.#conn.close();
    } catch {
      // Deno closed it already.
    }
  }

  /** Deno itself keeps the process alive just while an operation is pending. */
  protected setRef(ref: boolean): void {
    // What a closed connection still waits for shall not.
    if (this.closed && !ref) this.#conn.unref?.();
  }

  override ref(): void {
    this.#conn.ref?.();
  }

  override unref(): void {
    this.#conn.unref?.();
  }

  // Deno throws where the connection is closed.
  setNoDelay(noDelay = true): void {
    if (!this.closed) this.#conn.setNoDelay?.(noDelay);
  }

  setKeepAlive(keepAlive = true): void {
    if (!this.closed) this.#conn.setKeepAlive?.(keepAlive);
  }
}

function localAddrOf(conn: DenoSocket, remoteAddr: Addr): Addr {
  if (remoteAddr.transport === "unix") return { transport: "unix", path: "" };
  const { hostname = "", port = 0 } = conn.localAddr;
  return { transport: "tcp", hostname, port };
}

/** What is used of a Deno connection. */
interface DenoSocket {
  readonly localAddr: { transport: string; hostname?: string; port?: number };
  readonly remoteAddr: { transport: string };
  read(buffer: Uint8Array): Promise<number | null>;
  write(data: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  ref?(): void;
  unref?(): void;
  setNoDelay?(noDelay: boolean): void;
  setKeepAlive?(keepAlive: boolean): void;
}

/** What is used of Deno; a test checks it against Deno's own types. */
declare const Deno: {
  connect(
    options:
      | { hostname: string; port: number; signal?: AbortSignal }
      | { transport: "unix"; path: string },
  ): Promise<DenoSocket>;
  permissions: {
    requestSync(descriptor: { name: "net"; host: string }): { state: string };
  };
};
