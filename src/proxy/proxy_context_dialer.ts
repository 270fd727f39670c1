import type { Conn } from "../core/conn.ts";
import type { ContextDialer, DialOptions, Network } from "../core/dialer.ts";
import type { IpFamily } from "../resolve/ip_literal.ts";
import type { Resolver } from "../resolve/resolver.ts";
import { LookupDial } from "./lookup_dial.ts";
import { proxyDialTarget } from "./proxy_dial_target.ts";
import type { ProxyConfig } from "./proxy_config.ts";
import { ProxyDial } from "./proxy_dial.ts";
import { type ProxyScheme, redactProxyUrl } from "./proxy_url.ts";

/** A dialer over one or several proxies. */
export interface ProxyDialer extends ContextDialer {
  /**
   * Names the proxies in the order in which the bytes pass them, as URLs, their user info redacted:
   * `http://10.0.0.1:8080, socks5h://***@127.0.0.1:1080`.
   */
  toString(): string;
}

/** What a proxy dialer is made of. */
export interface ProxyDialerInit extends Omit<ProxyConfig, "label" | "chain"> {
  readonly scheme: ProxyScheme;
  /** Whether it is given anything that does not belong into a text. */
  readonly authenticates: boolean;
  /** The dialer before this one, whatever `via` makes of it. */
  readonly before: ContextDialer;
  /** Who looks names up here, before the proxy is asked, and in which families. */
  readonly lookup?: LocalLookup;
}

/** How names are looked up here. */
export interface LocalLookup {
  readonly resolver: Resolver;
  readonly families: readonly IpFamily[];
}

/** Makes the dialer over one proxy. */
export function makeProxyDialer(init: ProxyDialerInit): ProxyDialer {
  const { scheme, authenticates, before, lookup, ...config } = init;
  const { server } = config;
  const user = authenticates ? { username: "" } : {};
  const label = redactProxyUrl({ scheme, server: server.place, ...user });
  const chain = [proxyConfigOf(before)?.chain, label].filter((part) => part !== undefined);
  return new ProxyContextDialer(
    { ...config, label, chain: chain.join(", ") },
    lookup,
  );
}

/**
 * Looks into a dialer.
 *
 * @param dialer Any dialer.
 * @returns Its last proxy, or `undefined` if it is not one that {@linkcode makeProxyDialer} made.
 */
export function proxyConfigOf(dialer: ContextDialer): ProxyConfig | undefined {
  return ProxyContextDialer.configOf(dialer);
}

/**
 * Looks into a dialer.
 *
 * @param dialer Any dialer.
 * @returns Whether it is one that {@linkcode makeProxyDialer} made, whose names are looked up here.
 */
export function looksNamesUp(dialer: ContextDialer): boolean {
  return ProxyContextDialer.looksNamesUp(dialer);
}

/**
 * Makes a dialer that is another one in all but what `alter` changes.
 *
 * @param dialer Any dialer.
 * @param alter Changes its last proxy.
 * @returns The dialer, or `undefined` if `dialer` is not one that {@linkcode makeProxyDialer} made.
 */
export function alteredProxyDialer(
  dialer: ContextDialer,
  alter: (proxy: ProxyConfig) => ProxyConfig,
): ProxyDialer | undefined {
  return ProxyContextDialer.altered(dialer, alter);
}

/** Holds its configuration where nobody who prints it sees it. */
class ProxyContextDialer implements ProxyDialer {
  readonly #proxy: ProxyConfig;
  readonly #lookup: LocalLookup | undefined;

  constructor(proxy: ProxyConfig, lookup: LocalLookup | undefined) {
    this.#proxy = proxy;
    this.#lookup = lookup;
  }

  static configOf(dialer: ContextDialer): ProxyConfig | undefined {
    return #proxy in dialer ? dialer.#proxy : undefined;
  }

  static looksNamesUp(dialer: ContextDialer): boolean {
    return #lookup in dialer && dialer.#lookup !== undefined;
  }

  static altered(
    dialer: ContextDialer,
    alter: (proxy: ProxyConfig) => ProxyConfig,
  ): ProxyDialer | undefined {
    if (!(#proxy in dialer)) return undefined;
    return new ProxyContextDialer(alter(dialer.#proxy), dialer.#lookup);
  }

  dialContext(network: Network, address: string, options: DialOptions = {}): Promise<Conn> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      if (signal?.aborted) return reject(signal.reason);
      const init = { proxy: this.#proxy, network, address, resolve, reject };
      const lookup = this.#lookup;
      const asked = lookup && proxyDialTarget(network, address);
      if (lookup === undefined || !("target" in asked!) || asked.target.kind === "ip") {
        new ProxyDial(init, options).start();
      } else {
        new LookupDial({ ...init, ...lookup, asked }, options).start();
      }
    });
  }

  toString(): string {
    return this.#proxy.chain;
  }
}
