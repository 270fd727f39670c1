import type { Network } from "../../core/addr.ts";
import type { ContextDialer } from "../../core/dialer.ts";
import type { Negotiation } from "../handshake/negotiation.ts";
import type { ProxyServer } from "../url/proxy_server.ts";
import type { ProxyTarget } from "./proxy_target.ts";

/** What is dialed, for whoever gives the credentials. */
export interface CredentialsRequest {
  /** The network asked for. */
  readonly network: Network;
  /** The address asked for. */
  readonly address: string;
  /** Aborts when the dial is given up. */
  readonly signal: AbortSignal;
}

/** One proxy, checked and ready to be dialed through. */
export interface ProxyConfig {
  /** The proxy as a URL, redacted. */
  readonly label: string;
  /** All proxies on the way as far as they are known, this one the last. */
  readonly chain: string;
  readonly server: ProxyServer;
  /** What dials the server. */
  readonly via: ContextDialer;
  /** The dialer before this one, whatever `via` makes of it. */
  readonly before: ContextDialer;
  /** Milliseconds for the whole dial; `undefined` where somebody else sees to it. */
  readonly timeoutMs: number | undefined;
  /**
   * Makes the handshake for a target; called at each dial.
   *
   * @throws {CredentialsError} If there are no credentials to be had.
   * @throws {TypeError} If the protocol cannot express the target.
   */
  readonly handshake: (
    target: ProxyTarget,
    request: CredentialsRequest,
  ) => Negotiation | Promise<Negotiation>;
  /** Makes the part of the handshake that comes before any target, where the protocol has one. */
  readonly login?: (request: CredentialsRequest) => Negotiation | Promise<Negotiation>;
  /** Whether a connection to the proxy is all that is wanted. */
  readonly connectOnly?: boolean;
}
