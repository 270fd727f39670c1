import type { Socket } from "node:net";
import { FakeServer, type FakeServerOptions, firstBytes } from "./fake_server.ts";
import { SocketReader } from "./socket_reader.ts";

/** Where in the handshake something happens. */
export type Socks5Moment = "greeting" | "credentials" | "request";

/** How a fake SOCKS5 server behaves. */
export interface FakeSocks5Options extends FakeServerOptions {
  /** Whom it lets in; without it the method is 0x00. */
  login?: { username: string; password: string };
  /** Checks `login` at the request alone, as 3proxy does: 0x02 where it is wrong or missing. */
  checksAtRequest?: boolean;
  /** Reads like microsocks: each message is one `recv`, and what follows it in there is dropped. */
  dropsTheRest?: boolean;
  /** Answers a greeting that has anything behind it with these bytes, and hangs up. */
  hatesFlights?: number[];
  /** What it is silent after. */
  stallsAfter?: Socks5Moment;
  /** What it closes the connection after, with RST if `resets`. */
  closesAfter?: Socks5Moment;
  resets?: boolean;
  /** The host, as `requests` has it, that it hangs up on, instead of saying that it cannot reach it. */
  hangsUpOn?: string;
  /** Answers every request with this, and reaches no target. */
  reply?: number;
  /** Answers requests for IPv6 addresses with this: 0x07 and 0x08 are what 3proxy says that has none. */
  ipv6Reply?: number;
  /** Sends no more of a refusal than that: `05 05 00 01`. */
  shortReply?: boolean;
  /** The address in the reply. */
  bound?: "ipv4" | "ipv6" | "name";
  /** Sends the reply together with the target's first bytes. */
  coalesces?: boolean;
  /** Waits so long before it answers credentials. */
  loginAfterMs?: number;
  /** Waits so long before it answers a request. */
  replyAfterMs?: number;
}

/** What a client asked for. */
export interface Socks5Request {
  methods: number[];
  username?: string;
  password?: string;
  type: number;
  host: string;
  port: number;
  /** Whether greeting, credentials and request were there at once. */
  pipelined: boolean;
}

const errors: Record<string, number> = {
  ECONNREFUSED: 5,
  ENETUNREACH: 3,
  EHOSTUNREACH: 4,
  ENOTFOUND: 4,
  ETIMEDOUT: 6,
};

/** A SOCKS5 server (RFC 1928, RFC 1929) that takes nothing but what the RFCs allow. */
export class FakeSocks5 extends FakeServer {
  readonly #options: FakeSocks5Options;
  readonly requests: Socks5Request[] = [];
  /** The credentials that were given, right or wrong. */
  readonly logins: { username: string; password: string }[] = [];

  constructor(options: FakeSocks5Options) {
    super(options);
    this.#options = options;
  }

  static listen(options: FakeSocks5Options = {}): Promise<FakeSocks5> {
    return new FakeSocks5(options).listen();
  }

  protected async serve(socket: Socket): Promise<void> {
    const { login, dropsTheRest } = this.#options;
    const reader = new SocketReader(socket);
    let message: Uint8Array = new Uint8Array(0);
    // What is left of the message before is dropped, where it was read with it.
    const begin = async () =>
      void (dropsTheRest && (message = await reader.some() ?? new Uint8Array(0)));
    const next = async (count: number) => {
      if (!dropsTheRest) return await reader.exactly(count);
      const part = message.subarray(0, count);
      message = message.subarray(count);
      return part.length === count ? part : undefined;
    };
    await begin();
    const greeting = await next(2);
    if (greeting === undefined) return void socket.end();
    this.#demand(greeting[0] === 5, "the version is 5");
    this.#demand(greeting[1]! > 0, "there is a method");
    const methods = [...(await next(greeting[1]!) ?? [])];
    this.#demand(methods.length === greeting[1], "all methods are there");
    this.#demand(new Set(methods).size === methods.length, "no method comes twice");
    const pipelined = reader.buffered + message.length > 0;
    const request: Partial<Socks5Request> = { methods, pipelined };
    const { hatesFlights } = this.#options;
    if (pipelined && hatesFlights) {
      socket.end(Uint8Array.from(hatesFlights));
      return this.ignore(socket);
    }
    if (this.#stops(socket, "greeting")) return;
    const { checksAtRequest } = this.#options;
    const method = login === undefined || checksAtRequest && !methods.includes(2) ? 0 : 2;
    if (!methods.includes(method)) return void socket.end(Uint8Array.of(5, 0xff));
    socket.write(Uint8Array.of(5, method));
    let right = login === undefined;
    if (login !== undefined && method === 2) {
      const { username, password } = login;
      await begin();
      const head = await next(2);
      if (head === undefined) return void socket.end();
      this.#demand(head[0] === 1, "the version of the subnegotiation is 1");
      request.username = text(await next(head[1]!));
      request.password = text(await next((await next(1) ?? [0])[0]!));
      this.#demand(request.username !== "" && request.password !== "", "neither is empty");
      this.logins.push({ username: request.username, password: request.password });
      if (this.#stops(socket, "credentials")) return;
      await this.#delay(socket, this.#options.loginAfterMs);
      if (socket.destroyed) return;
      right = request.username === username && request.password === password;
      if (!right && !checksAtRequest) return void socket.end(Uint8Array.of(1, 1));
      socket.write(Uint8Array.of(1, 0));
    }
    await begin();
    const head = await next(4);
    if (head === undefined) return void socket.end();
    this.#demand(head[0] === 5 && head[1] === 1 && head[2] === 0, "a CONNECT of version 5");
    const type = head[3]!;
    this.#demand(type === 1 || type === 3 || type === 4, `the address type ${type} exists`);
    const size = type === 1 ? 4 : type === 4 ? 16 : (await next(1) ?? [0])[0]!;
    const host = hostOf(type, await next(size) ?? new Uint8Array(size));
    const [high, low] = await next(2) ?? [0, 0];
    const port = high! * 256 + low!;
    this.#demand(host !== "" && port > 0, "there is a host and a port");
    this.requests.push({ ...request, type, host, port } as Socks5Request);
    reader.release();
    if (!right) return this.#refuse(socket, 2);
    await this.#answer(socket, host, port);
  }

  async #answer(socket: Socket, host: string, port: number): Promise<void> {
    const { reply, ipv6Reply, shortReply, coalesces, replyAfterMs, hangsUpOn } = this.#options;
    if (this.#stops(socket, "request")) return;
    if (host === hangsUpOn) return void socket.end().resume();
    await this.#delay(socket, replyAfterMs);
    if (socket.destroyed) return;
    if (reply !== undefined) return this.#refuse(socket, reply);
    if (ipv6Reply !== undefined && host.includes(":")) return this.#refuse(socket, ipv6Reply);
    const target = await this.reach(socket, host, port);
    if (typeof target === "string") return this.#refuse(socket, errors[target] ?? 1, shortReply);
    const first = coalesces ? await firstBytes(target) : new Uint8Array(0);
    socket.write(Uint8Array.of(...this.#reply(0), ...first));
    this.tunnel(socket, target);
  }

  /** Waits, as long as the client is there. */
  async #delay(socket: Socket, ms: number | undefined): Promise<void> {
    if (ms === undefined || socket.destroyed) return;
    const timer = setTimeout(() => socket.emit("late"), ms);
    await new Promise((resolve) => socket.once("late", resolve).once("close", resolve));
    clearTimeout(timer);
  }

  #refuse(socket: Socket, code: number, short = this.#options.shortReply): void {
    socket.end(short ? Uint8Array.of(5, code, 0, 1) : this.#reply(code));
    this.ignore(socket);
  }

  #reply(code: number): Uint8Array {
    const bound = {
      ipv4: [1, 127, 0, 0, 1],
      ipv6: [4, ...new Array(15).fill(0), 1],
      name: [3, 11, ...new TextEncoder().encode("proxy.local")],
    }[this.#options.bound ?? "ipv4"];
    return Uint8Array.of(5, code, 0, ...bound, 0x1f, 0x90);
  }

  #stops(socket: Socket, moment: Socks5Moment): boolean {
    const { stallsAfter, closesAfter, resets } = this.#options;
    if (closesAfter === moment) {
      if (resets) this.reset(socket);
      else socket.end();
    } else if (stallsAfter !== moment) {
      return false;
    }
    this.ignore(socket);
    return true;
  }

  #demand(holds: boolean, what: string): void {
    if (!holds) throw new Error(`the client breaks the protocol: ${what}`);
  }
}

function hostOf(type: number, bytes: Uint8Array): string {
  if (type === 1) return bytes.join(".");
  if (type === 3) return text(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Array.from({ length: 8 }, (_, index) => view.getUint16(2 * index).toString(16)).join(":");
}

function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
