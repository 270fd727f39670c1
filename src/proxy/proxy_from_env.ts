import process from "node:process";
import type { ContextDialer } from "../core/dialer.ts";
import { splitHostPort } from "../core/host_port.ts";
import { makeDialer } from "../dial/compose_dialer.ts";
import type { ProxyDialer } from "./proxy_context_dialer.ts";
import { chainOfProxies, type ProxyDialerOptions } from "./proxy_dialer.ts";
import { checkedVia } from "./proxy_dialer_options.ts";
import { type EnvGetter, type ProxyEnv, proxyFor, readProxyEnv } from "./proxy_env.ts";
import type { ProxyUrl } from "./proxy_url.ts";

/** Where the settings come from, and what they cannot say. */
export interface ProxyFromEnvOptions extends ProxyDialerOptions {
  /**
   * The environment: what reads a variable, or an object of variables.
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
 * Makes a dialer that goes through the proxy which the environment names, and decides for each target.
 *
 * - `TCP_PROXY`, then `ALL_PROXY`, then `HTTPS_PROXY`: the first that is set is the proxy for every port;
 * - `HTTP_PROXY`: for port 80, if none of these is set; ignored in upper case where `REQUEST_METHOD` is set, for in a CGI
 *   program it is what the client sent;
 * - `NO_PROXY`: targets to reach without: names, `.suffixes`, addresses, CIDR ranges, each but a range also with `:port`; or `*`.
 *   Names are not looked up for this.
 *
 * Lower case goes before upper case, an empty variable counts as not set, and a value without a scheme means `http://`.
 * Unix sockets never go through a proxy. The variables are read once, here.
 *
 * @example
 * const dialer = proxyFromEnv(); // TCP_PROXY=socks5h://127.0.0.1:1080 NO_PROXY=.internal
 * const conn = await dialer.dialContext("tcp", "peer.example:4001");
 *
 * @param options Where the settings come from, and what they cannot say.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If a setting cannot be read, rather than going without a proxy: the message names the
 *   variable and shows no user info. Also if the environment itself cannot be read, on Deno without `--allow-env`: the message
 *   says what to allow.
 */
export function proxyFromEnv(options: ProxyFromEnvOptions = {}): ContextDialer {
  const { env, ...rest } = options;
  const settings = readProxyEnv(getterOf(env));
  const direct = checkedVia(options.via);
  const dialers = new Map<ProxyUrl, ProxyDialer>();
  for (const url of [settings.any, settings.port80]) {
    if (url !== undefined) dialers.set(url, chainOfProxies([url], rest));
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
    // Whoever is asked will say what is wrong with it; where there is a proxy, it is the proxy's dialer.
    return settings.any ?? settings.port80 ?? "direct";
  }
  return proxyFor(settings, host, port);
}

function getterOf(env: ProxyFromEnvOptions["env"]): EnvGetter {
  if (typeof env === "function") return env;
  if (env === undefined) return readVariable;
  if (typeof env !== "object" || env === null) {
    throw new TypeError(`env must be a function or an object, not ${String(env)}`);
  }
  return (name) => Object.hasOwn(env, name) ? env[name] : undefined;
}

function readVariable(name: string): string | undefined {
  try {
    return process.env[name];
  } catch (cause) {
    // Only Deno refuses.
    throw new TypeError(
      `Cannot read the proxy settings: no permission to read ${name}; run with --allow-env=${names}`,
      { cause },
    );
  }
}
