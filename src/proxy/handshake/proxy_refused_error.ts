import type { ProxyFailure, ProxyReply } from "./proxy_codec.ts";

/**
 * What a proxy answered when it refused: the `cause` of the `DialError`. Nothing in it is secret: our own credentials are
 * masked, should the proxy repeat them.
 */
export class ProxyRefusedError extends Error {
  /** Always `"ProxyRefusedError"`. */
  override readonly name = "ProxyRefusedError";
  /** The reply code, or the status with its challenges and the beginning of the body. */
  readonly reply: ProxyReply;

  /**
   * Makes the error of a refusal.
   *
   * @param failure How the handshake failed.
   * @param reply What the proxy answered.
   */
  constructor(failure: ProxyFailure, reply: ProxyReply) {
    super(failure.message);
    this.reply = reply;
  }
}
