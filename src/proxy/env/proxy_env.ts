import { valueKind } from "../../core/value_kind.ts";
import { matchesNoProxy, parseNoProxy } from "./no_proxy.ts";
import { parseProxyUrl, type ProxyUrl } from "../url/proxy_url.ts";

/** Proxy settings of the environment, for {@linkcode proxyFor}. */
export interface ProxyEnv {
  /** The proxy for every port. */
  readonly any?: ProxyUrl;
  /** The proxy for port 80, if there is none for every port. */
  readonly port80?: ProxyUrl;
  /** Whether NO_PROXY exempts a target. */
  readonly bypasses: (host: string, port: number) => boolean;
}

/**
 * Reads the proxy settings of the environment.
 *
 * The first of TCP_PROXY, ALL_PROXY and HTTPS_PROXY that is set applies to every port. If none is
 * set, HTTP_PROXY applies to port 80. The lower-case name precedes the upper-case one, and an empty
 * value counts as not set. A value without a scheme means `http://`. HTTP_PROXY in upper case is
 * ignored if REQUEST_METHOD is set: in a CGI program it holds the client's Proxy header.
 *
 * @param get Reads a variable.
 * @returns The settings.
 * @throws {TypeError} If a setting that applies is invalid; it never counts as not set. The message
 *   names the variable and shows no user info.
 */
export function readProxyEnv(get: (name: string) => string | undefined): ProxyEnv {
  const noProxy = first(get, ["no_proxy", "NO_PROXY"]);
  const rules = noProxy === undefined ? [] : read(noProxy, parseNoProxy);
  const bypasses = (host: string, port: number) => matchesNoProxy(rules, host, port);
  const any = first(get, [
    ...["tcp_proxy", "TCP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy", "HTTPS_PROXY"],
  ]);
  if (any !== undefined) return { any: read(any, parseEnvUrl), bypasses };
  const cgi = first(get, ["REQUEST_METHOD"]) !== undefined;
  const http = first(get, cgi ? ["http_proxy"] : ["http_proxy", "HTTP_PROXY"]);
  return http === undefined ? { bypasses } : { port80: read(http, parseEnvUrl), bypasses };
}

/**
 * Chooses the proxy for a target.
 *
 * @param env The settings from {@linkcode readProxyEnv}.
 * @param host A name or an IP address without brackets.
 * @param port The port.
 * @returns The proxy, or `"direct"` if the environment names none or NO_PROXY exempts the target.
 */
export function proxyFor(env: ProxyEnv, host: string, port: number): ProxyUrl | "direct" {
  const proxy = env.any ?? (port === 80 ? env.port80 : undefined);
  return proxy === undefined || env.bypasses(host, port) ? "direct" : proxy;
}

interface Setting {
  readonly name: string;
  readonly value: string;
}

function first(
  get: (name: string) => string | undefined,
  names: readonly string[],
): Setting | undefined {
  for (const name of names) {
    const value: unknown = get(name);
    if (value === undefined || value === "") continue;
    if (typeof value === "string") return { name, value };
    throw new TypeError(
      `Cannot use the environment variable ${name}: it is ${valueKind(value)}, not a string`,
    );
  }
  return undefined;
}

function read<T>({ name, value }: Setting, parse: (value: string) => T): T {
  try {
    return parse(value);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new TypeError(`Cannot use the environment variable ${name}: ${reason}`, { cause });
  }
}

function parseEnvUrl(value: string): ProxyUrl {
  return parseProxyUrl(value, "http");
}
