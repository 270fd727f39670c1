import type { ProxyFailure, ProxyReply } from "./proxy_codec.ts";

/**
 * A proxy's refusal: the `cause` of the `DialError`. It contains no secrets: credentials that the
 * proxy repeats are masked.
 */
export class ProxyRefusedError extends Error {
  /** Always `"ProxyRefusedError"`. */
  override readonly name = "ProxyRefusedError";
  /** The reply code, or the status with its challenges and the beginning of the body. */
  readonly reply: ProxyReply;

  /**
   * Makes the error of a refusal.
   *
   * @param failure The failure of the handshake.
   * @param reply The proxy's reply.
   */
  constructor(failure: ProxyFailure, reply: ProxyReply) {
    super(failure.message);
    this.reply = reply;
  }
}
