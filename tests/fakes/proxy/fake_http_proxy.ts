import type { Socket } from "node:net";
import { FakeServer, type FakeServerOptions, firstBytes } from "./fake_server.ts";
import { SocketReader } from "./socket_reader.ts";

/** A CONNECT request, as it came. */
export interface ConnectRequest {
  authority: string;
  /** The fields, names in lower case. */
  fields: [name: string, value: string][];
}

/** How a fake HTTP proxy behaves. */
export interface FakeHttpProxyOptions extends FakeServerOptions {
  /** What it wants to see after `Basic `, decoded. */
  login?: string;
  /** Answers in its stead, head and body; `undefined` lets the request through. */
  answer?: (request: ConnectRequest) => string | undefined;
  /** Keeps the connection open after such an answer. */
  keepsOpen?: boolean;
  /** Says nothing. */
  silent?: boolean;
  /** Closes, with RST if `resets`, instead of answering. */
  closes?: boolean;
  resets?: boolean;
  /** Sends its answer together with the target's first bytes. */
  coalesces?: boolean;
  /** What it says when there is a tunnel. */
  established?: string;
}

const statuses: Record<string, string> = {
  ECONNREFUSED: "502 Bad Gateway\r\nProxy-Status: fake; error=connection_refused",
  ENETUNREACH: "502 Bad Gateway\r\nProxy-Status: fake; error=destination_ip_unroutable",
  ENOTFOUND: "502 Bad Gateway\r\nProxy-Status: fake; error=dns_error",
};

const line = /^[!-~]+(?: [!-~]+)*$/;

/** An HTTP proxy for CONNECT alone (RFC 9110 §9.3.6, RFC 9112) that takes nothing but what the RFCs allow. */
export class FakeHttpProxy extends FakeServer {
  readonly #options: FakeHttpProxyOptions;
  readonly requests: ConnectRequest[] = [];

  constructor(options: FakeHttpProxyOptions) {
    super(options);
    this.#options = options;
  }

  static listen(options: FakeHttpProxyOptions = {}): Promise<FakeHttpProxy> {
    return new FakeHttpProxy(options).listen();
  }

  protected async serve(socket: Socket): Promise<void> {
    const { login, answer, keepsOpen, silent, closes, resets, coalesces } = this.#options;
    const reader = new SocketReader(socket);
    const head = await reader.until("\r\n\r\n", 8_192);
    if (head === undefined) return void socket.end();
    reader.release();
    const request = parse(head);
    this.requests.push(request);
    if (silent) return this.ignore(socket);
    if (closes) return void (resets ? this.reset(socket) : socket.end().resume());
    const own = answer?.(request);
    if (own !== undefined) {
      this.ignore(socket);
      return void (keepsOpen ? socket.write(own) : socket.end(own));
    }
    const refuse = (status: string) => {
      socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`).resume();
    };
    const given = request.fields.find(([name]) => name === "proxy-authorization")?.[1];
    if (login !== undefined && given !== `Basic ${btoa(login)}`) {
      return refuse('407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="fake"');
    }
    const [, host, port] = /^\[?(.*?)\]?:([0-9]+)$/.exec(request.authority)!;
    const target = await this.reach(socket, host!, Number(port));
    if (typeof target === "string") return refuse(statuses[target] ?? "504 Gateway Timeout");
    const first = coalesces ? await firstBytes(target) : new Uint8Array(0);
    const { established = "HTTP/1.1 200 Connection established\r\n\r\n" } = this.#options;
    const bytes = new TextEncoder().encode(established);
    socket.write(Uint8Array.of(...bytes, ...first));
    this.tunnel(socket, target);
  }
}

function parse(head: string): ConnectRequest {
  const [start, ...rest] = head.slice(0, -4).split("\r\n");
  const [, authority] = /^CONNECT ([!-~]+:[1-9][0-9]*) HTTP\/1\.1$/.exec(start!) ?? [];
  if (authority === undefined) throw new Error(`not a CONNECT request: ${start}`);
  const fields = rest.map((text): [string, string] => {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?(.*)$/.exec(text) ?? [];
    if (name === undefined || (value !== "" && !line.test(value!))) {
      throw new Error(`bad field ${text}`);
    }
    return [name.toLowerCase(), value!];
  });
  const of = (name: string) => fields.filter(([field]) => field === name).map(([, value]) => value);
  if (of("host").join() !== authority) throw new Error("Host is not the authority");
  if (of("content-length").length + of("transfer-encoding").length > 0) {
    throw new Error("a CONNECT request has no body");
  }
  return { authority, fields };
}
