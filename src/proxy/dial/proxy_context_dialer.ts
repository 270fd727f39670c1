import type { ContextDialer } from "../../core/dialer.ts";
import { dialersUnder, makeDialer, nameOf } from "../../dial/compose_dialer.ts";
import type { RunningDial } from "../../dial/running_dial.ts";
import { dialLookedUp, type LocalLookup } from "./lookup_dial.ts";
import { proxyDialTarget } from "./proxy_dial_target.ts";
import type { ProxyConfig } from "./proxy_config.ts";
import { dialThroughProxy } from "./proxy_dial.ts";
import { type ProxyScheme, redactProxyUrl } from "../url/proxy_url.ts";

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
  /** Who looks names up here, before the proxy is asked, and in which families. */
  readonly lookup?: LocalLookup | undefined;
}

/** The proxy of each dialer over one. */
const proxies = new WeakMap<
  ContextDialer,
  { proxy: ProxyConfig; lookup: LocalLookup | undefined }
>();

/** Makes the dialer over one proxy. */
export function makeProxyDialer(init: ProxyDialerInit): ProxyDialer {
  const { scheme, authenticates, lookup, ...config } = init;
  const username = authenticates ? "" : undefined;
  const label = redactProxyUrl({ scheme, server: config.server.place, username });
  const chain = [...chainOf(config.before), label].join(", ");
  return proxyDialerOf({ connectOnly: false, ...config, label, chain }, lookup);
}

function proxyDialerOf(proxy: ProxyConfig, lookup: LocalLookup | undefined): ProxyDialer {
  const { chain: via, before: over, label, timeoutMs } = proxy;
  const text = chainOf(over).length === 0 ? label : `${nameOf(over)}, ${label}`;
  const single = makeDialer({
    ...{ name: label, over, via },
    run: (dial) => dialThroughProxy(dial, proxy, targetOf(dial, via)),
  });
  const run = (dial: RunningDial) => {
    const target = targetOf(dial, via);
    if (timeoutMs !== undefined) dial.limit(timeoutMs);
    return lookup === undefined || target.target.kind === "ip"
      ? dialThroughProxy(dial, proxy, target)
      : dialLookedUp(dial, proxy, lookup, target, single);
  };
  const dialer = makeDialer({ name: label, over, via, text, run });
  proxies.set(dialer, { proxy, lookup });
  return dialer;
}

function targetOf(dial: RunningDial, via: string) {
  const target = proxyDialTarget(dial.network, dial.address);
  if ("reason" in target) throw dial.error({ ...target, phase: "address", via });
  return target;
}

/**
 * Finds the proxies that a dialer goes through, as far as there is one way only.
 *
 * @param dialer Any dialer.
 * @returns The proxies, redacted, in the order in which the bytes pass them. Where there are several ways, the dialer that chooses
 *   stands for them.
 */
export function chainOf(dialer: ContextDialer): readonly string[] {
  const known = proxies.get(dialer);
  if (known !== undefined) return [...chainOf(known.proxy.before), known.proxy.label];
  const under = dialersUnder(dialer);
  if (under.length === 1) return chainOf(under[0]!);
  return under.some((member) => chainOf(member).length > 0) ? [nameOf(dialer)] : [];
}

/** A dialer over a proxy, or what wraps one. */
function proxyUnder(dialer: ContextDialer) {
  let under: ContextDialer | undefined = dialer;
  while (under !== undefined && !proxies.has(under)) {
    const members = dialersUnder(under);
    under = members.length === 1 ? members[0] : undefined;
  }
  return under && proxies.get(under);
}

/**
 * Looks into a dialer, and through what wraps it.
 *
 * @param dialer Any dialer.
 * @returns Whether its last proxy is one whose names are looked up here.
 */
export function looksNamesUp(dialer: ContextDialer): boolean {
  return proxyUnder(dialer)?.lookup !== undefined;
}

/**
 * Makes a dialer over the last proxy of another one, with something changed.
 *
 * @param dialer Any dialer; what wraps it is left out.
 * @param alter Changes the proxy.
 * @returns The dialer, or `undefined` if there is no proxy, or more than one way.
 */
export function alteredProxyDialer(
  dialer: ContextDialer,
  alter: (proxy: ProxyConfig) => ProxyConfig,
): ProxyDialer | undefined {
  const known = proxyUnder(dialer);
  return known && proxyDialerOf(alter(known.proxy), known.lookup);
}
