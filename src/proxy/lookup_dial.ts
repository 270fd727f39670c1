import type { Conn } from "../core/conn.ts";
import { deriveConn } from "../core/derive_conn.ts";
import type { DialError } from "../core/dial_error.ts";
import type { ContextDialer } from "../core/dialer.ts";
import { joinHostPort } from "../core/host_port.ts";
import type { RunningDial } from "../dial/running_dial.ts";
import type { IpFamily } from "../resolve/ip_literal.ts";
import { lookUpFamilies, sumUpLookups } from "../resolve/look_up_families.ts";
import { raceDials } from "../resolve/race_dials.ts";
import type { Resolver } from "../resolve/resolver.ts";
import type { ProxyConfig } from "./proxy_config.ts";
import type { ProxyDialTarget } from "./proxy_dial_target.ts";
import { hungUp, named, type ProxyDialFailure } from "./proxy_unreachable.ts";

/** How names are looked up here. */
export interface LocalLookup {
  readonly resolver: Resolver;
  /** The families that the proxy can reach. */
  readonly families: readonly IpFamily[];
}

/**
 * Milliseconds from one address to the next while none has failed. Longer than between direct attempts (RFC 8305 §5), for a
 * handshake takes some round trips before the proxy even begins.
 */
const attemptDelayMs = 1_000;

/** Looks a name up here, and asks the proxy for its addresses, as a happy-eyeballs dialer would. */
export async function dialLookedUp(
  dial: RunningDial,
  proxy: ProxyConfig,
  { resolver, ...lookup }: LocalLookup,
  { host: asked, target: { host, port } }: ProxyDialTarget,
  throughProxy: ContextDialer,
): Promise<Conn> {
  const { chain: via, label: hop } = proxy;
  if (/\.onion\.?$/i.test(host)) {
    // RFC 7686 §2: whoever sees the lookup learns what was meant to be hidden.
    const reason = `"${host}" must not be looked up here, only by the proxy`;
    throw dial.error({ code: "ERR_DIAL_ADDRESS", phase: "address", via, reason });
  }
  const wanted = dial.network === "tcp4" ? [4] : dial.network === "tcp6" ? [6] : [6, 4];
  const families = lookup.families.filter((family) => wanted.includes(family));
  if (families.length === 0) {
    const reason = `${hop} reaches no IPv6 addresses`;
    throw dial.error({ code: "ERR_DIAL_ADDRESS", phase: "address", via, reason });
  }
  dial.whilePending((inner) => {
    if (inner?.hop !== undefined) return inner;
    return { hop, phase: "resolve", waiting: "looking the name up" };
  });
  let lookupErrors: readonly DialError[] = [];
  const end = await raceDials<string>(dial, {
    ...{ attemptDelayMs, resolutionDelayMs: 50, preferFamily: 6 },
    lookUp(race) {
      const errorDetails = (code: string) => ({
        via,
        ...(code === "ENOTFOUND" && { blame: "target" as const }),
      });
      lookupErrors = lookUpFamilies(dial, race, { resolver, host, families, errorDetails });
    },
    attempt(ip, family) {
      const address = joinHostPort(ip, port);
      const network = family === 4 ? "tcp4" : "tcp6";
      return dial.step(
        { type: "attempt-start", address },
        (step) => step.through(throughProxy, { network, address }),
      );
    },
    // Another address makes a proxy no better, but one that hung up may have done so for this address.
    movesOn: (error) => error.blame === "target" || error.phase === "address" || hungUp(error),
  });
  if (!Array.isArray(end)) {
    const conn = end as Conn;
    dial.keep(conn);
    return deriveConn(conn, { remoteAddr: { transport: "tcp", hostname: asked, port } });
  }
  if (end.length > 0) throw dial.error(sumUp(proxy, end));
  throw dial.error({ via, ...sumUpLookups(host, lookupErrors) });
}

function sumUp(proxy: ProxyConfig, errors: readonly DialError[]): ProxyDialFailure {
  const { code, phase, hop, cause, blame } = errors[0]!;
  const bare = ({ address, reason }: DialError) =>
    `${address}: ${reason.startsWith(`${hop}: `) ? reason.slice(hop!.length + 2) : reason}`;
  const listed = errors.slice(0, 4).map(bare).join(", ");
  const more = errors.length > 4 ? `, and ${errors.length - 4} more` : "";
  const all = errors.length === 1
    ? listed
    : `all ${errors.length} addresses failed: ${listed}${more}`;
  return {
    ...{ code, phase, via: proxy.chain, cause },
    ...(hop !== undefined && { hop }),
    // If it hung up for one address, nobody can tell whether all are down.
    ...(blame !== undefined && !errors.some(hungUp) && { blame }),
    reason: named(proxy, proxy.label, all),
    ...(errors.length > 1 && { errors }),
  };
}
