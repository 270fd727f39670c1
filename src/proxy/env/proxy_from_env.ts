import process from "node:process";
import type { ContextDialer } from "../../core/dialer.ts";
import { splitHostPort } from "../../core/host_port.ts";
import { optionOf, readOptions, unchecked } from "../../core/options.ts";
import { valueKind } from "../../core/value_kind.ts";
import { makeDialer } from "../../dial/compose_dialer.ts";
import {
  chainOfProxies,
  type ProxyDialerOptions,
  proxyDialerOptions,
} from "../url/proxy_dialer.ts";
import { defaultVia } from "../dial/proxy_dialer_options.ts";
import { type ProxyEnv, proxyFor, readProxyEnv } from "./proxy_env.ts";
import type { ProxyUrl } from "../url/proxy_url.ts";

/** Options of {@linkcode proxyFromEnv}. */
export interface ProxyFromEnvOptions extends ProxyDialerOptions {
  /**
   * The environment: a function that reads a variable, or an object of variables, own or inherited.
   * `proxyFromEnv(process.env)` is the same as `proxyFromEnv({ env: process.env })`.
   *
   * @default The process's own.
   */
  env?: ((name: string) => string | undefined) | Readonly<Record<string, string | undefined>>;
  /**
   * Dialer for the proxy, and for targets that bypass it.
   *
   * @default {systemDialer()}
   */
  via?: ContextDialer;
}

/** All variables that this module reads. */
const names = [
  ...["tcp_proxy", "TCP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy", "HTTPS_PROXY"],
  ...["http_proxy", "HTTP_PROXY", "REQUEST_METHOD", "no_proxy", "NO_PROXY"],
];

/**
 * Makes a dialer that uses the proxy settings of the environment for each target.
 *
 * - `TCP_PROXY`, then `ALL_PROXY`, then `HTTPS_PROXY`: the first that is set is the proxy for every
 *   port;
 * - `HTTP_PROXY`: for port 80, if none of these is set; ignored in upper case if `REQUEST_METHOD`
 *   is set, since in a CGI program the client sets it;
 * - `NO_PROXY`: targets that bypass the proxy: names, `.suffixes`, addresses, ranges (`10.0.0.0/8`,
 *   `10.*`), each except a CIDR range also with `:port`; or `*`. Names are not resolved for this.
 *
 * Lower case precedes upper case, an empty variable counts as not set, and a value without a scheme
 * means `http://`. Unix sockets never use a proxy. The variables are read once, by this call.
 *
 * @example
 * const dialer = proxyFromEnv(); // TCP_PROXY=socks5h://127.0.0.1:1080 NO_PROXY=.internal
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 *
 * @param options The environment, and options of the proxy dialers.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If a setting is invalid; it never falls back to a direct
 *   connection. The message names the variable and shows no user info. Also if the environment is
 *   not readable, on Deno without `--allow-env`: the message lists the variables to allow.
 */
export function proxyFromEnv(options: ProxyFromEnvOptions = {}): ContextDialer {
  const given = options as unknown === process.env ? { env: process.env } : options;
  const read = readOptions<ProxyFromEnvOptions>("proxyFromEnv", given, {
    ...proxyDialerOptions,
    env: unchecked,
  });
  const settings = readProxyEnv(getterOf(read.env));
  const direct = read.via ?? defaultVia();
  const dialers = new Map<ProxyUrl, ContextDialer>();
  for (const url of [settings.any, settings.port80]) {
    if (url !== undefined) dialers.set(url, chainOfProxies([url], read));
  }
  return makeDialer({
    ...{ name: "env", over: [...dialers.values(), direct] },
    run(dial) {
      const proxy = dial.network === "unix" ? "direct" : choose(settings, dial.address);
      return dial.pass(proxy === "direct" ? direct : dialers.get(proxy)!);
    },
  });
}

function choose(settings: ProxyEnv, address: string): ProxyUrl | "direct" {
  let host: string, port: number;
  try {
    ({ host, port } = splitHostPort(address));
  } catch {
    // The chosen dialer reports the invalid address; with a proxy set, that is the proxy dialer.
    return settings.any ?? settings.port80 ?? "direct";
  }
  return proxyFor(settings, host, port);
}

function getterOf(env: ProxyFromEnvOptions["env"]): (name: string) => string | undefined {
  if (typeof env === "function") return env;
  if (env === undefined || env === process.env) return readVariable;
  if (typeof env !== "object" || env === null || hidesVariables(env)) {
    const what = typeof env === "object" && env !== null ? "a collection" : valueKind(env);
    throw new TypeError(`env must be a function or an object of variables, not ${what}`);
  }
  return (name) => optionOf(env, name) as string | undefined;
}

/**
 * Whether the properties of an object are not variables, as in a `Map`, `Deno.env` or a promise.
 */
function hidesVariables(env: object): boolean {
  return [Symbol.iterator, "get", "then"].some((name) => {
    return typeof optionOf(env, name) === "function";
  });
}

function readVariable(name: string): string | undefined {
  try {
    return optionOf(process.env, name) as string | undefined;
  } catch (cause) {
    // Only Deno denies access.
    throw new TypeError(
      `Cannot read the proxy settings: no permission to read ${name}; run with --allow-env=${names}`,
      { cause },
    );
  }
}
