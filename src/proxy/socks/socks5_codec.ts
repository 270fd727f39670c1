import { concatBytes } from "../handshake/concat_bytes.ts";
import {
  closedFailure,
  type CodecStep,
  failed,
  notProtocolMessage,
  protocolFailure,
  type ProxyCodec,
  type ProxyFailure,
} from "../handshake/proxy_codec.ts";
import type { ProxyCredentials } from "../handshake/proxy_credentials.ts";
import type { ProxyTarget } from "../dial/proxy_target.ts";
import { socks5ReplyFailure } from "./socks5_reply.ts";
import { encodeSocks5Credentials, encodeSocks5Request } from "./socks5_request.ts";

/** Options of a SOCKS5 handshake. */
export interface Socks5CodecOptions {
  /** The target of the tunnel. */
  readonly target: ProxyTarget;
  /** User name and password; each 1 to 255 bytes in UTF-8. */
  readonly credentials?: ProxyCredentials;
  /**
   * Offers only the method "user name and password", so that a proxy which does not support it
   * fails the handshake: for credentials that isolate circuits (Tor).
   *
   * @default {false}
   */
  readonly requireCredentials?: boolean;
  /**
   * Sends greeting, credentials and request in one flight. With credentials, their method is then
   * the only one offered, since they are sent before the proxy chooses a method.
   *
   * @default {false}
   */
  readonly pipelined?: boolean;
}

/** The answer that a SOCKS5 handshake waits for. */
export type Socks5Stage = "method" | "credentials" | "reply" | "over";

const NO_AUTHENTICATION = 0x00;
const USERNAME_PASSWORD = 0x02;
const NO_ACCEPTABLE_METHOD = 0xff;

/** The client's side of a SOCKS5 CONNECT: RFC 1928 with the credentials of RFC 1929. */
export class Socks5Codec implements ProxyCodec {
  readonly protocol = "socks5";
  readonly #methods: readonly number[];
  readonly #credentials: Uint8Array | undefined;
  readonly #methodHeldBack: boolean;
  readonly #request: Uint8Array;
  readonly #pipelined: boolean;
  // The longest answer: four bytes, a length, 255 bytes of name, a port.
  readonly #answer: Uint8Array = new Uint8Array(262);
  #have = 0;
  #want = 2;
  #unsent: Uint8Array | undefined;
  #stage: Socks5Stage = "method";
  readonly #requireCredentials: boolean;
  #tookCredentials = false;

  /**
   * @param options The target, the credentials and the order.
   * @throws {TypeError} If the credentials are too long, empty or missing where they are required.
   */
  constructor(options: Socks5CodecOptions) {
    const { target, credentials, requireCredentials = false, pipelined = false } = options;
    if (requireCredentials && credentials === undefined) {
      throw new TypeError("SOCKS5 credentials are required and not given");
    }
    this.#requireCredentials = requireCredentials;
    this.#credentials = credentials && encodeSocks5Credentials(credentials);
    this.#methods = credentials === undefined
      ? [NO_AUTHENTICATION]
      : pipelined || requireCredentials
      ? [USERNAME_PASSWORD]
      : [NO_AUTHENTICATION, USERNAME_PASSWORD];
    this.#methodHeldBack = pipelined && credentials !== undefined && !requireCredentials;
    this.#request = encodeSocks5Request(target);
    this.#pipelined = pipelined;
  }

  /** The answer that the handshake waits for. */
  get stage(): Socks5Stage {
    return this.#stage;
  }

  get tookCredentials(): boolean {
    return this.#tookCredentials;
  }

  get waitsFor(): "proxy" | "target" {
    return this.#stage === "reply" ? "target" : "proxy";
  }

  get readBytes(): number {
    // Most proxies reply with an IPv4 address, which makes ten bytes.
    if (this.#stage === "reply") return (this.#want <= 5 ? 10 : this.#want) - this.#have;
    // More than the answer itself, to detect an answer to a message that was not sent yet.
    return this.#want - this.#have + (this.#stage === "method" && this.#credentials ? 12 : 10);
  }

  start(): CodecStep {
    const greeting = Uint8Array.of(5, this.#methods.length, ...this.#methods);
    return {
      state: "open",
      send: this.#pipelined
        ? concatBytes([greeting, this.#credentials ?? new Uint8Array(0), this.#request])
        : greeting,
    };
  }

  receive(chunk: Uint8Array): CodecStep {
    if (this.#stage === "over") throw new Error("the SOCKS5 handshake is over");
    let at = 0;
    for (;;) {
      const part = chunk.subarray(at, at + this.#want - this.#have);
      this.#answer.set(part, this.#have);
      this.#have += part.length;
      at += part.length;
      if (this.#have < this.#want) return { state: "open" };
      const failure = this.#advance();
      if (failure !== undefined) {
        this.#stage = "over";
        return failed(failure);
      }
      // `#advance` may have changed the stage; the compiler still has it narrowed by the check
      // above.
      if ((this.#stage as Socks5Stage) === "over") {
        return { state: "done", leftover: chunk.slice(at) };
      }
      const send = this.#takeUnsent();
      if (send === undefined) continue;
      if (at === chunk.length) return { state: "open", send };
      // The rest must not count as the answer to a message that was not sent yet: it could report a
      // tunnel for a request that the proxy never received.
      this.#stage = "over";
      return failed(protocolFailure("the proxy answered before it was asked"));
    }
  }

  end(): CodecStep & { readonly state: "failed" } {
    const stage = this.#stage;
    this.#stage = "over";
    const asked = stage === "method" ? "greeting" : stage === "credentials" ? stage : "request";
    return failed(this.#suspect(closedFailure(asked, this.#have > 0)));
  }

  /** Parses the received part of the answer; raises `#want` if more of it is needed. */
  #advance(): ProxyFailure | undefined {
    if (this.#stage === "method") return this.#onMethod();
    if (this.#stage === "credentials") return this.#onCredentials();
    return this.#onReply();
  }

  /** RFC 1928 §3. */
  #onMethod(): ProxyFailure | undefined {
    const [version, method] = this.#answer as Uint8Array & [number, number];
    if (version === 1 && this.#pipelined && this.#credentials !== undefined) {
      // Tor (0.4.9) omits the answer to a greeting that arrives with credentials, and answers the
      // credentials only. Their method was the only one offered, so there is nothing to choose. The
      // reply to the request follows.
      this.#stage = "credentials";
      return this.#onCredentials();
    }
    if (version !== 5) return this.#suspect(protocolFailure(notProtocolMessage(version, "SOCKS5")));
    if (method === NO_ACCEPTABLE_METHOD) return this.#noMethod();
    if (!this.#methods.includes(method)) {
      const hex = `0x${method.toString(16).padStart(2, "0")}`;
      return this.#suspect(
        protocolFailure(`the proxy chose method ${hex}, which it was not offered`),
      );
    }
    this.#next(method === USERNAME_PASSWORD ? "credentials" : "reply");
  }

  /**
   * RFC 1929 §2. Some servers answer with version 5, of SOCKS, instead of 1, of the subnegotiation.
   */
  #onCredentials(): ProxyFailure | undefined {
    const [version, status] = this.#answer as Uint8Array & [number, number];
    if (version !== 1 && version !== 5) {
      return this.#suspect(
        protocolFailure("the proxy answers the credentials with an unknown version"),
      );
    }
    if (status !== 0) {
      const hex = `0x${status.toString(16).padStart(2, "0")}`;
      return {
        code: "ERR_PROXY_AUTH_FAILED",
        message: `proxy refused the credentials (${hex})`,
        blame: "proxy",
        reply: { protocol: "socks5", code: status },
      };
    }
    // Tor accepts any credentials that isolate, so these prove nothing.
    this.#tookCredentials = !this.#requireCredentials;
    this.#next("reply");
  }

  /**
   * RFC 1928 §6. A refusal is final once its code has arrived: some servers send no more than that.
   */
  #onReply(): ProxyFailure | undefined {
    const [version, rep, , type, length] = this.#answer as Uint8Array & number[];
    if (this.#want === 2) {
      if (version !== 5) {
        return this.#suspect(protocolFailure("the proxy answers the request with another version"));
      }
      if (rep !== 0) return socks5ReplyFailure(rep!);
      // Up to the length byte of a name. Every reply is longer than that, so no byte of the tunnel
      // is consumed.
      this.#want = 5;
    } else if (this.#want === 5) {
      const size = type === 1 ? 4 : type === 4 ? 16 : type === 3 ? 1 + length! : undefined;
      if (size === undefined) {
        return this.#suspect(protocolFailure(`the proxy's reply has the address type ${type}`));
      }
      this.#want = 4 + size + 2;
    } else {
      this.#stage = "over";
    }
  }

  #next(stage: "credentials" | "reply"): void {
    this.#stage = stage;
    this.#have = 0;
    this.#want = 2;
    if (!this.#pipelined) this.#unsent = stage === "reply" ? this.#request : this.#credentials;
  }

  #takeUnsent(): Uint8Array | undefined {
    const send = this.#unsent;
    this.#unsent = undefined;
    return send;
  }

  #noMethod(): ProxyFailure {
    const [code, message] = this.#credentials === undefined
      ? ["ERR_PROXY_AUTH_REQUIRED", "proxy wants credentials, and none were given"] as const
      : ["ERR_PROXY_AUTH_UNSUPPORTED", "proxy takes no user name and password"] as const;
    const failure: ProxyFailure = {
      code,
      message: `${message} (0xff no acceptable method)`,
      blame: "proxy",
      reply: { protocol: "socks5", code: NO_ACCEPTABLE_METHOD },
    };
    // Step by step, optional credentials are offered together with another method, so a retry may
    // succeed.
    return this.#methodHeldBack ? this.#suspect(failure) : failure;
  }

  /**
   * Marks a failure that pipelining may have caused: the proxy discarded bytes, or needs a method
   * that was not offered.
   */
  #suspect(failure: ProxyFailure): ProxyFailure {
    return this.#pipelined ? { ...failure, retrySequentially: true } : failure;
  }
}
