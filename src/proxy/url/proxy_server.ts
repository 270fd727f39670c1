import type { Network } from "../../core/addr.ts";
import { joinHostPort } from "../../core/host_port.ts";
import { shownValue } from "../../core/value_kind.ts";
import { parseDialTarget } from "../../net/dial_target.ts";
import { type ProxyUrl, redactProxyUrlText } from "./proxy_url.ts";

/** The address of a proxy, ready to dial. */
export interface ProxyServer {
  readonly network: Network;
  readonly address: string;
  /** The same in parts, as in a URL. */
  readonly place: ProxyUrl["server"];
}

/**
 * Parses the address of a proxy.
 *
 * @param server `host:port`, or the path of a unix socket, which begins with `/`, `./` or `../`.
 * @returns The server.
 * @throws {TypeError} If it is neither; the message quotes it without possible user info.
 */
export function proxyServer(server: string): ProxyServer {
  const bad = (why: string) => {
    const shown = typeof server === "string"
      ? `"${redactProxyUrlText(server)}"`
      : shownValue(server);
    return new TypeError(
      `server must be host:port or the path of a unix socket, not ${shown}${why}`,
    );
  };
  if (typeof server !== "string") throw bad("");
  if (server.includes("://")) throw bad(": proxyDialer takes URLs");
  if (/^\.{0,2}\//.test(server)) {
    if (server.includes("\0")) throw bad("");
    return serverAt({ path: server });
  }
  const target = parseDialTarget("tcp", server);
  if (!("kind" in target)) throw bad(`: ${target.reason}`);
  if (target.kind === "unix" || server.startsWith(":")) throw bad(": missing host");
  return serverAt({ host: target.host, port: target.port });
}

/** Makes the server from a parsed address. */
export function serverAt(place: ProxyUrl["server"]): ProxyServer {
  return "path" in place
    ? { network: "unix", address: place.path, place }
    : { network: "tcp", address: joinHostPort(place.host, place.port), place };
}
