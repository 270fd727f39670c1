import type { Addr, Network } from "../core/addr.ts";
import { BaseConn } from "./base_conn.ts";
import { BufferGuard } from "./buffer_guard.ts";
import type { Conn } from "../core/conn.ts";
import { closedError, connError } from "../core/conn_error.ts";
import { readableOf, writableOf } from "./conn_streams.ts";
import { isDerivedConn } from "./derive_conn.ts";
import { type DialReport, readReport, type ReportSource } from "../core/dial_report.ts";
import { splitHostPort } from "../core/host_port.ts";
import type { OwnConn } from "./own_conn.ts";
import {
  byteLengthOf,
  bytesAfter,
  isUint8Array,
  LostBufferError,
  lostBufferError,
  notBytesError,
  plainBytes,
} from "./uint8_array.ts";

/** The minimum of methods that a foreign connection must have. */
type LeastConn = Pick<Conn, "read" | "write" | "close"> & Partial<Conn>;

/**
 * Completes the connection of a foreign dialer. `read`, `write` and `close` are required, other
 * missing members are added, so that a plain `Deno.Conn` is enough. Extra members (such as `tls`)
 * are kept.
 *
 * @param conn The value from the dialer.
 * @param network The network of the dial.
 * @param address The address of the dial, used where the connection lacks addresses.
 * @returns The connection: the same if it is one of this package. `undefined` if it is no
 * connection.
 */
export function completeConn(
  conn: unknown,
  network: Network,
  address: string,
): OwnConn | undefined {
  if (isOwnConn(conn)) return conn;
  const foreign = conn as LeastConn | null | undefined;
  const isConn = typeof foreign === "object" && foreign !== null &&
    [foreign.read, foreign.write, foreign.close].every((method) => typeof method === "function");
  return isConn ? new ForeignConn(foreign, network, address) : undefined;
}

/**
 * As {@linkcode completeConn}, but throws for any other value.
 *
 * @throws {TypeError} If it is no connection.
 */
export function requireConn(conn: unknown, network: Network, address: string): OwnConn {
  const complete = completeConn(conn, network, address);
  if (complete === undefined) throw new TypeError("the dialer answered no connection");
  return complete;
}

/**
 * Closes a value that a dialer returned too late, whatever it is.
 *
 * @param conn The value from the dialer.
 */
export function discardConn(conn: unknown): void {
  try {
    if (isOwnConn(conn)) return conn.reset();
    const { close } = (conn ?? {}) as Partial<Conn>;
    if (typeof close === "function") ignoreRejection(close.call(conn));
  } catch {
    // A foreign `close` may throw; there is nothing left to do.
  }
}

function isOwnConn(conn: unknown): conn is OwnConn {
  if (typeof conn !== "object" || conn === null) return false;
  return BaseConn.isBaseConn(conn) || isDerivedConn(conn) || ForeignConn.isForeignConn(conn);
}

class ForeignConn implements OwnConn {
  readonly #conn: LeastConn;
  readonly localAddr: Addr;
  readonly remoteAddr: Addr;
  readonly hops: readonly Addr[];
  /** The report from `setReport`, or a synthetic one where the connection has none. */
  #report: DialReport | ReportSource | undefined;
  readonly #label: string;
  readonly #guard: BufferGuard = new BufferGuard(
    async (buffer) => await this.#conn.read(buffer) ?? null,
  );
  #closed = false;
  #readEnded = false;
  #writeEnd: Promise<void> | undefined;
  #received = false;
  #sent = false;
  #lastRead: Promise<unknown> = Promise.resolve();
  #lastWrite: Promise<unknown> = Promise.resolve();
  #over: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  /** Rejects the pending operations when this side closes. */
  readonly #pending = new Set<(error: Error) => void>();
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  constructor(conn: LeastConn, network: Network, address: string) {
    this.#conn = conn;
    this.localAddr = addrOf(conn, "localAddr") ?? unknownEnd(network);
    this.remoteAddr = addrOf(conn, "remoteAddr") ?? dialedEnd(network, address);
    const hops = valueOf(conn, "hops");
    this.hops = Array.isArray(hops) ? hops : [];
    this.#label = `${network} ${address}`;
    keepExtras(conn, this);
  }

  static isForeignConn(conn: object): conn is ForeignConn {
    return #report in conn;
  }

  get report(): DialReport {
    return this.#report = this.#readReport();
  }

  #readReport(): DialReport {
    if (this.#report !== undefined) return readReport(this.#report);
    try {
      const report = readReport(this.#conn.report as DialReport);
      if (Array.isArray(report.children)) return report;
    } catch {
      // It has no such property.
    }
    const times = { startMs: 0, durationMs: 0 };
    return { kind: "dial", label: this.#label, ...times, outcome: "ok", children: [] };
  }

  get reportSource(): ReportSource | undefined {
    const report = this.#report;
    const conn = this.#conn;
    return { report: () => readReport(report ?? conn.report as DialReport) };
  }

  setReport(report: DialReport | ReportSource): void {
    this.#report = report;
  }

  get closed(): Promise<void> {
    if (this.#over === undefined) {
      let resolve = () => {};
      const promise = new Promise<void>((settle) => resolve = settle);
      this.#over = { promise, resolve };
      const closed = valueOf(this.#conn, "closed");
      const over = () => resolve();
      if (closed instanceof Promise) closed.then(over, over);
      this.#settleClosed();
    }
    return this.#over.promise;
  }

  #settleClosed(): void {
    if (this.#closed || this.#received && this.#sent) this.#over?.resolve();
  }

  read(buffer: Uint8Array): Promise<number | null> {
    if (!isUint8Array(buffer)) return Promise.reject(notBytesError("read into", buffer));
    const wasEmpty = byteLengthOf(buffer) === 0;
    const read = this.#lastRead.then(() =>
      this.#call("read", async () => {
        if (this.#readEnded) return null;
        if (wasEmpty) return 0;
        if (byteLengthOf(buffer) === 0) throw lostBufferError();
        const count = await this.#guard.read(buffer);
        if (count === null) {
          this.#received = true;
          this.#settleClosed();
        }
        return count;
      })
    );
    this.#lastRead = read.catch(() => {});
    return read;
  }

  write(data: Uint8Array): Promise<number> {
    if (!isUint8Array(data)) return Promise.reject(notBytesError("write", data));
    if (this.#writeEnd !== undefined && !this.#closed) {
      return Promise.reject(connError("EPIPE", "Cannot write: the write side is closed"));
    }
    const write = this.#lastWrite.then(() =>
      this.#call("write", async () => {
        // Some write only a part, like those of Deno; others return no number and write all of it.
        const size = byteLengthOf(data);
        for (let sent = 0; sent < size;) {
          const rest = sent === 0 ? plainBytes(data) : bytesAfter(data, sent);
          const count = await this.#conn.write(rest);
          sent = typeof count === "number" && count > 0 ? sent + count : size;
        }
        return size;
      })
    );
    this.#lastWrite = write.catch(() => {});
    return write;
  }

  closeWrite(): Promise<void> {
    return this.#writeEnd ??= this.#lastWrite.then(() =>
      this.#call("close the write side", async () => {
        await this.#conn.closeWrite?.();
        this.#sent = true;
        this.#settleClosed();
      })
    );
  }

  /** Calls the connection. The promise settles at the latest when this side closes. */
  #call<T>(what: string, call: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(closedError(what));
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        this.#pending.delete(fail);
        reject(error);
      };
      this.#pending.add(fail);
      call().then((result) => {
        this.#pending.delete(fail);
        resolve(result);
      }, (error) => {
        const isBroken = !this.#closed && !(error instanceof LostBufferError);
        if (isBroken) this.#received = this.#sent = true;
        this.#settleClosed();
        fail(this.#closed ? closedError(what) : error);
      });
    });
  }

  close(): void {
    this.#end("close");
  }

  reset(): void {
    this.#end(typeof valueOf(this.#conn, "reset") === "function" ? "reset" : "close");
  }

  #end(call: "close" | "reset"): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      ignoreRejection(this.#conn[call]!());
    } catch {
      // Some throw where it is closed already.
    }
    for (const fail of this.#pending) fail(closedError("read or write"));
    this.#settleClosed();
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableOf(this, () => this.#readEnded = true);
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= writableOf(this);
  }

  setNoDelay(noDelay?: boolean): void {
    this.#set("setNoDelay", noDelay);
  }

  setKeepAlive(keepAlive?: boolean): void {
    this.#set("setKeepAlive", keepAlive);
  }

  ref(): void {
    this.#set("ref");
  }

  unref(): void {
    this.#set("unref");
  }

  #set(call: "setNoDelay" | "setKeepAlive" | "ref" | "unref", value?: boolean): void {
    if (this.#closed || typeof valueOf(this.#conn, call) !== "function") return;
    this.#conn[call]!(value);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}

/**
 * Shortcuts between connections of this package besides `read` and `write`. A wrapper such as a
 * `Proxy` must see every byte, so it does not get them.
 */
const shortcuts: ReadonlySet<PropertyKey> = new Set(["pipeTo", "writeStyle", "writev"]);

/**
 * Copies members that no connection of this package needs, such as the result of a TLS handshake.
 */
function keepExtras(from: LeastConn, to: ForeignConn): void {
  for (let owner: object = from; owner !== Object.prototype && owner !== null;) {
    for (const key of Reflect.ownKeys(owner)) {
      if (key in to || shortcuts.has(key)) continue;
      const get = () => {
        const value = Reflect.get(from, key);
        return typeof value === "function" ? value.bind(from) : value;
      };
      Object.defineProperty(to, key, { get, enumerable: true, configurable: true });
    }
    owner = Object.getPrototypeOf(owner);
  }
}

/** A getter of a foreign connection may throw. */
function valueOf(conn: LeastConn, key: keyof Conn): unknown {
  try {
    return conn[key];
  } catch {
    return undefined;
  }
}

function addrOf(conn: LeastConn, key: "localAddr" | "remoteAddr"): Addr | undefined {
  const addr = valueOf(conn, key) as Partial<Addr> | undefined | null;
  if (addr?.transport === "tcp" && typeof addr.hostname === "string") return addr as Addr;
  if (addr?.transport === "unix") return { transport: "unix", path: addr.path ?? "" };
  return undefined;
}

function unknownEnd(network: Network): Addr {
  if (network === "unix") return { transport: "unix", path: "" };
  return { transport: "tcp", hostname: "", port: 0 };
}

function dialedEnd(network: Network, address: string): Addr {
  if (network === "unix") return { transport: "unix", path: address };
  try {
    const { host, port } = splitHostPort(address);
    return { transport: "tcp", hostname: host, port };
  } catch {
    return unknownEnd(network);
  }
}

function ignoreRejection(value: unknown): void {
  Promise.resolve(value).catch(() => {});
}
