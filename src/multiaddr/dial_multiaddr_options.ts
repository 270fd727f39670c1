import type { DialOptions } from "../core/dialer.ts";
import type { TxtResolver } from "../resolver/txt_resolver.ts";

/** What `dialMultiaddr` takes besides dialer and multiaddr. */
export interface DialMultiaddrOptions extends Omit<DialOptions, "remoteMultiaddr"> {
  /**
   * Who looks up the TXT records of `/dnsaddr`.
   *
   * @default `node:dns` with the system's name servers, for which Deno wants `--allow-net`.
   */
  txtResolver?: TxtResolver;
}
