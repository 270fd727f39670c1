import type { Network } from "../../core/addr.ts";
import type { ContextDialer } from "../../core/dialer.ts";
import type { Negotiation } from "../handshake/negotiation.ts";
import type { ProxyServer } from "../url/proxy_server.ts";
import type { ProxyTarget } from "./proxy_target.ts";

/** The dial for which a `CredentialsSource` returns credentials. */
export interface CredentialsRequest {
  /** The network to dial. */
  readonly network: Network;
  /** The address to dial. */
  readonly address: string;
  /** Aborts when the dial ends early. */
  readonly signal: AbortSignal;
}

/** One proxy, checked and ready to be dialed through. */
export interface ProxyConfig {
  /** The proxy as a URL, redacted. */
  readonly label: string;
  /** All known proxies of the chain, this one last. */
  readonly chain: string;
  readonly server: ProxyServer;
  /** Dialer for the server. */
  readonly via: ContextDialer;
  /** The dialer that `via` wraps, or `via` itself. */
  readonly before: ContextDialer;
  /** Milliseconds for the whole dial; `undefined` if the caller sets the limit. */
  readonly timeoutMs: number | undefined;
  /**
   * Makes the handshake for a target; called once per dial.
   *
   * @throws {CredentialsError} If no credentials are available.
   * @throws {TypeError} If the protocol cannot express the target.
   */
  readonly handshake: (
    target: ProxyTarget,
    request: CredentialsRequest,
  ) => Negotiation | Promise<Negotiation>;
  /** Makes the part of the handshake that precedes the request, if the protocol has one. */
  readonly login?: (request: CredentialsRequest) => Negotiation | Promise<Negotiation>;
  /** Whether to connect to the proxy without a handshake. */
  readonly connectOnly?: boolean;
}
