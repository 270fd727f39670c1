import type { ProxyCodec, ProxyFailure } from "./proxy_codec.ts";
import type { ProxyConnection } from "./round_trip.ts";

/** How one handshake over one connection ended. */
export type NegotiationEnd =
  | { readonly state: "done"; readonly leftover: Uint8Array }
  | {
    readonly state: "failed";
    readonly failure: ProxyFailure;
    /** What reading or writing failed with, where that was it. */
    readonly cause?: unknown;
  }
  /** The proxy was silent for the bound that the handshake set. */
  | { readonly state: "stalled"; readonly stallMs: number }
  /** The dial was aborted, or ran out of time. */
  | { readonly state: "aborted" };

/** One handshake to be done over a new connection to the proxy. */
export interface Negotiation {
  /** Begins over a connection. Called once; `ended` will be called. */
  begin(connection: ProxyConnection): ProxyCodec;
  /** How long the proxy may be silent from now on, in milliseconds; asked after each answer. */
  stallMs?(): number | undefined;
  /**
   * Told how it ended. What it answers is done next, over another connection; else the dial ends
   * likewise.
   */
  ended?(end: NegotiationEnd): Negotiation | undefined;
}
