import process from "node:process";
import type { ContextDialer } from "../../core/dialer.ts";
import { splitHostPort } from "../../core/host_port.ts";
import { optionOf, readOptions, unchecked } from "../../core/options.ts";
import { valueKind } from "../../core/value_kind.ts";
import { makeDialer } from "../../dial/compose_dialer.ts";
import type { ProxyDialer } from "../dial/proxy_context_dialer.ts";
import {
  chainOfProxies,
  type ProxyDialerOptions,
  proxyDialerOptions,
} from "../url/proxy_dialer.ts";
import { defaultVia } from "../dial/proxy_dialer_options.ts";
import { type EnvGetter, type ProxyEnv, proxyFor, readProxyEnv } from "./proxy_env.ts";
import type { ProxyUrl } from "../url/proxy_url.ts";

/** Where the settings come from, and what they cannot say. */
export interface ProxyFromEnvOptions extends ProxyDialerOptions {
  /**
   * The environment: what reads a variable, or an object of variables, which may be inherited.
   * `proxyFromEnv(process.env)` is the same as `proxyFromEnv({ env: process.env })`.
   *
   * @default The process's own.
   */
  env?: EnvGetter | Readonly<Record<string, string | undefined>>;
  /**
   * What dials the proxy, and the targets that go without.
   *
   * @default {systemDialer()}
   */
  via?: ContextDialer;
}

/** All variables that may be read. */
const names = [
  ...["tcp_proxy", "TCP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy", "HTTPS_PROXY"],
  ...["http_proxy", "HTTP_PROXY", "REQUEST_METHOD", "no_proxy", "NO_PROXY"],
];

/**
 * Makes a dialer that goes through the proxy which the environment names, and decides for each
 * target.
 *
 * - `TCP_PROXY`, then `ALL_PROXY`, then `HTTPS_PROXY`: the first that is set is the proxy for every
 *   port;
 * - `HTTP_PROXY`: for port 80, if none of these is set; ignored in upper case where
 *   `REQUEST_METHOD` is set, for in a CGI program it is what the client sent;
 * - `NO_PROXY`: targets to reach without: names, `.suffixes`, addresses, ranges (`10.0.0.0/8`,
 *   `10.*`), each but a CIDR range also with `:port`; or `*`. Names are not looked up for this.
 *
 * Lower case goes before upper case, an empty variable counts as not set, and a value without a
 * scheme means `http://`. Unix sockets never go through a proxy. The variables are read once, here.
 *
 * @example
 * const dialer = proxyFromEnv(); // TCP_PROXY=socks5h://127.0.0.1:1080 NO_PROXY=.internal
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 *
 * @param options Where the settings come from, and what they cannot say.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If a setting cannot be read, rather than going without a proxy:
 *   the message names the variable and shows no user info. Also if the environment itself cannot be
 *   read, on Deno without `--allow-env`: the message says what to allow.
 */
export function proxyFromEnv(options: ProxyFromEnvOptions = {}): ContextDialer {
  const given = options as unknown === process.env ? { env: process.env } : options;
  const read = readOptions<ProxyFromEnvOptions>("proxyFromEnv", given, {
    ...proxyDialerOptions,
    env: unchecked,
  });
  const settings = readProxyEnv(getterOf(read.env));
  const direct = read.via ?? defaultVia();
  const dialers = new Map<ProxyUrl, ProxyDialer>();
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
    // Whoever is asked will say what is wrong with it; where there is a proxy, it is the proxy's
    // dialer.
    return settings.any ?? settings.port80 ?? "direct";
  }
  return proxyFor(settings, host, port);
}

function getterOf(env: ProxyFromEnvOptions["env"]): EnvGetter {
  if (typeof env === "function") return env;
  if (env === undefined || env === process.env) return readVariable;
  if (typeof env !== "object" || env === null || hidesVariables(env)) {
    const what = typeof env === "object" && env !== null ? "a collection" : valueKind(env);
    throw new TypeError(`env must be a function or an object of variables, not ${what}`);
  }
  return (name) => optionOf(env, name) as string | undefined;
}

/** Whether its properties are no variables, as those of a `Map`, of `Deno.env` or of a promise. */
function hidesVariables(env: object): boolean {
  return [Symbol.iterator, "get", "then"].some((name) => {
    return typeof optionOf(env, name) === "function";
  });
}

function readVariable(name: string): string | undefined {
  try {
    return optionOf(process.env, name) as string | undefined;
  } catch (cause) {
    // Only Deno refuses.
    throw new TypeError(
      `Cannot read the proxy settings: no permission to read ${name}; run with --allow-env=${names}`,
      { cause },
    );
  }
}
