import type { ContextDialer } from "../../../mod.ts";
import { httpConnectDialer, socks5Dialer } from "../../../src/proxy/mod.ts";

/** The dialer through a proxy, by what comes on a program's command line. */
export function proxiedDialer(protocol: string, server: string): ContextDialer {
  if (protocol === "socks5") return socks5Dialer({ server });
  if (protocol === "http-connect") return httpConnectDialer({ server });
  throw new TypeError(`unknown protocol "${protocol}"`);
}
