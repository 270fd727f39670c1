import type { DialOptions } from "../core/dialer.ts";
import type { TxtResolver } from "../resolver/txt_resolver.ts";

/** Options of `dialMultiaddr`. */
export interface DialMultiaddrOptions extends Omit<DialOptions, "remoteMultiaddr"> {
  /**
   * Resolver for the TXT records of `/dnsaddr`.
   *
   * @default `node:dns` with the system's name servers, which needs `--allow-net` on Deno.
   */
  txtResolver?: TxtResolver;
}
