import type { ProxyErrorCode } from "../../core/dial_error_code.ts";
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
import { credentialBytes } from "../handshake/proxy_credentials.ts";
import type { ProxyTarget } from "../dial/proxy_target.ts";

/** Options of a SOCKS4 handshake. */
export interface Socks4CodecOptions {
  /** The target of the tunnel: an IPv4 address, or with SOCKS4a a name. */
  readonly target: ProxyTarget;
  /**
   * The user id: at most 255 bytes in UTF-8, no NUL.
   *
   * @default {""}
   */
  readonly userId?: string;
}

const GRANTED = 0x5a;

const meanings: ReadonlyMap<number, readonly [ProxyErrorCode, "proxy" | "target", string]> =
  new Map([
    [0x5b, ["ERR_PROXY_TARGET_FAILED", "target", "request rejected or failed"]],
    [0x5c, ["ERR_PROXY_AUTH_FAILED", "proxy", "the proxy cannot reach identd on this machine"]],
    [0x5d, ["ERR_PROXY_AUTH_FAILED", "proxy", "identd reports another user id"]],
  ]);

/**
 * The client's side of a SOCKS4 or SOCKS4a CONNECT, after Ying-Da Lee's two memos; SOCKS4a if the
 * target is a name.
 */
export class Socks4Codec implements ProxyCodec {
  readonly protocol = "socks4";
  readonly waitsFor = "target";
  readonly #request: Uint8Array;
  readonly #answer: Uint8Array = new Uint8Array(8);
  #have = 0;
  #over = false;

  /**
   * @param options The target and the user id.
   * @throws {TypeError} If SOCKS4 cannot express the target, or the user id is too long or has a
   *   NUL.
   */
  constructor(options: Socks4CodecOptions) {
    this.#request = encodeSocks4Request(options.target, encodeSocks4UserId(options.userId ?? ""));
  }

  get readBytes(): number {
    return this.#answer.length - this.#have;
  }

  start(): CodecStep {
    return { state: "open", send: this.#request };
  }

  receive(chunk: Uint8Array): CodecStep {
    if (this.#over) throw new Error("the SOCKS4 handshake is over");
    const part = chunk.subarray(0, this.#answer.length - this.#have);
    this.#answer.set(part, this.#have);
    this.#have += part.length;
    const failure = this.#have >= 2 ? this.#failure() : undefined;
    if (failure !== undefined) {
      this.#over = true;
      return failed(failure);
    }
    if (this.#have < this.#answer.length) return { state: "open" };
    this.#over = true;
    return { state: "done", leftover: chunk.slice(part.length) };
  }

  end(): CodecStep & { readonly state: "failed" } {
    this.#over = true;
    return failed(closedFailure("request", this.#have > 0));
  }

  /**
   * Reads a refusal as soon as its code has arrived. The version should be 0; some servers repeat
   * the request's 4.
   */
  #failure(): ProxyFailure | undefined {
    const [version, code] = this.#answer as Uint8Array & [number, number];
    if (version !== 0 && version !== 4) {
      return protocolFailure(notProtocolMessage(version, "SOCKS4"));
    }
    if (code === GRANTED) return undefined;
    const [errorCode, blame, text] = meanings.get(code) ??
      ["ERR_PROXY_REPLY", "proxy", "unassigned reply"];
    const hex = `0x${code.toString(16).padStart(2, "0")}`;
    return {
      code: errorCode,
      message: `proxy refused (${hex} ${text})`,
      blame,
      reply: { protocol: "socks4", code },
    };
  }
}

/**
 * Encodes a SOCKS4 user id.
 *
 * @param userId The user id; may be empty.
 * @returns The bytes, without the terminating NUL.
 * @throws {TypeError} If it is longer than 255 bytes or has a NUL; the message does not quote it.
 */
export function encodeSocks4UserId(userId: string): Uint8Array {
  const bytes = credentialBytes(userId, "user id", "SOCKS4", 0, 255);
  if (bytes.includes(0)) {
    throw new TypeError("the user id of the proxy has a NUL, which would end it");
  }
  return bytes;
}

function encodeSocks4Request(target: ProxyTarget, userId: Uint8Array): Uint8Array {
  const head = Uint8Array.of(4, 1, target.port >> 8, target.port & 0xff);
  const nul = Uint8Array.of(0);
  if (target.kind === "name") {
    const name = new TextEncoder().encode(target.host);
    return concatBytes([head, Uint8Array.of(0, 0, 0, 1), userId, nul, name, nul]);
  }
  if (target.family === 6) {
    throw new TypeError(`SOCKS4 has no IPv6, so that it cannot reach ${target.host}`);
  }
  const [a, b, c, d] = target.bytes as Uint8Array & [number, number, number, number];
  // In SOCKS4a these addresses announce a name, for which the server would wait.
  if (a === 0 && b === 0 && c === 0 && d !== 0) {
    throw new TypeError(`SOCKS4 cannot reach ${target.host}: 0.0.0.x announces a name`);
  }
  return concatBytes([head, target.bytes, userId, nul]);
}
