import type { CodecStep, ProxyCodec } from "../handshake/proxy_codec.ts";
import { proxyTarget } from "../dial/proxy_target.ts";
import { Socks5Codec, type Socks5CodecOptions } from "./socks5_codec.ts";

/**
 * A SOCKS5 handshake that ends successfully before the request: the proxy supports SOCKS5 and
 * accepts the credentials.
 */
export class LoginCodec implements ProxyCodec {
  readonly protocol = "socks5";
  readonly #codec: Socks5Codec;

  /** @param options The credentials. */
  constructor(options: Omit<Socks5CodecOptions, "target" | "pipelined">) {
    // Never sent.
    this.#codec = new Socks5Codec({ ...options, target: proxyTarget("0.0.0.0", 1) });
  }

  get readBytes(): number {
    return this.#codec.readBytes;
  }

  get tookCredentials(): boolean {
    return this.#codec.tookCredentials;
  }

  get waitsFor(): "proxy" | "target" {
    return this.#codec.waitsFor;
  }

  start(): CodecStep {
    return this.#codec.start();
  }

  receive(chunk: Uint8Array): CodecStep {
    const step = this.#codec.receive(chunk);
    const loggedIn = step.state === "open" && this.#codec.stage === "reply";
    return loggedIn ? { state: "done", leftover: new Uint8Array(0) } : step;
  }

  end(): CodecStep & { readonly state: "failed" } {
    return this.#codec.end();
  }
}
