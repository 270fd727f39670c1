import type { ProxyCodec, ProxyFailure } from "./proxy_codec.ts";
import type { ProxyConnection } from "./round_trip.ts";

/** Result of one handshake over one connection. */
export type NegotiationEnd =
  | { readonly state: "done"; readonly leftover: Uint8Array }
  | {
    readonly state: "failed";
    readonly failure: ProxyFailure;
    /** The error of the read or write that failed, if any. */
    readonly cause?: unknown;
  }
  /** The proxy sent nothing within the handshake's limit. */
  | { readonly state: "stalled"; readonly stallMs: number }
  /** The dial was aborted or timed out. */
  | { readonly state: "aborted" };

/** One handshake over a new connection to the proxy. */
export interface Negotiation {
  /** Begins over a connection. Called once; a call of `ended` follows. */
  begin(connection: ProxyConnection): ProxyCodec;
  /** The limit in milliseconds for the proxy's next answer; called after each answer. */
  stallMs?(): number | undefined;
  /**
   * Receives the result. A returned handshake runs next, over another connection; otherwise the
   * dial ends with the result.
   */
  ended?(end: NegotiationEnd): Negotiation | undefined;
}
