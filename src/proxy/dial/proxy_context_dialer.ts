import type { ContextDialer } from "../../core/dialer.ts";
import { dialersUnder, makeDialer, nameOf } from "../../dial/compose_dialer.ts";
import type { RunningDial } from "../../dial/running_dial.ts";
import { dialLookedUp, type LocalLookup } from "./lookup_dial.ts";
import { proxyDialTarget } from "./proxy_dial_target.ts";
import type { ProxyConfig } from "./proxy_config.ts";
import { dialThroughProxy } from "./proxy_dial.ts";
import { type ProxyScheme, redactProxyUrl } from "../url/proxy_url.ts";

/** Parts of a proxy dialer. */
export interface ProxyDialerInit extends Omit<ProxyConfig, "label" | "chain"> {
  readonly scheme: ProxyScheme;
  /** Whether it uses credentials, which `toString` redacts. */
  readonly authenticates: boolean;
  /** The local resolver and its address families; undefined if the proxy resolves names. */
  readonly lookup?: LocalLookup | undefined;
}

/** The proxy of each proxy dialer. */
const proxies = new WeakMap<
  ContextDialer,
  { proxy: ProxyConfig; lookup: LocalLookup | undefined }
>();

/** Makes the dialer over one proxy. */
export function makeProxyDialer(init: ProxyDialerInit): ContextDialer {
  const { scheme, authenticates, lookup, ...config } = init;
  const username = authenticates ? "" : undefined;
  const label = redactProxyUrl({ scheme, server: config.server.place, username });
  const chain = [...chainOf(config.before), label].join(", ");
  return proxyDialerOf({ connectOnly: false, ...config, label, chain }, lookup);
}

function proxyDialerOf(proxy: ProxyConfig, lookup: LocalLookup | undefined): ContextDialer {
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
 * Finds the proxies of a dialer, as far as its route is fixed.
 *
 * @param dialer Any dialer.
 * @returns The proxies, redacted, in the order in which the bytes pass them. A dialer that chooses
 *   among several routes appears under its own name.
 */
export function chainOf(dialer: ContextDialer): readonly string[] {
  const known = proxies.get(dialer);
  if (known !== undefined) return [...chainOf(known.proxy.before), known.proxy.label];
  const under = dialersUnder(dialer);
  if (under.length === 1) return chainOf(under[0]!);
  return under.some((member) => chainOf(member).length > 0) ? [nameOf(dialer)] : [];
}

/** Finds the proxy of a dialer, through its wrappers. */
function proxyUnder(dialer: ContextDialer) {
  let under: ContextDialer | undefined = dialer;
  while (under !== undefined && !proxies.has(under)) {
    const members = dialersUnder(under);
    under = members.length === 1 ? members[0] : undefined;
  }
  return under && proxies.get(under);
}

/**
 * Checks whether a dialer resolves names locally, through its wrappers.
 *
 * @param dialer Any dialer.
 * @returns Whether names for its last proxy are resolved locally.
 */
export function looksNamesUp(dialer: ContextDialer): boolean {
  return proxyUnder(dialer)?.lookup !== undefined;
}

/**
 * Makes a dialer for the last proxy of another dialer, with a changed configuration.
 *
 * @param dialer Any dialer; its wrappers are omitted.
 * @param alter Changes the proxy.
 * @returns The dialer, or `undefined` if there is no proxy, or more than one route.
 */
export function alteredProxyDialer(
  dialer: ContextDialer,
  alter: (proxy: ProxyConfig) => ProxyConfig,
): ContextDialer | undefined {
  const known = proxyUnder(dialer);
  return known && proxyDialerOf(alter(known.proxy), known.lookup);
}
