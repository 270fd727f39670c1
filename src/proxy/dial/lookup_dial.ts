import type { Conn } from "../../core/conn.ts";
import { deriveConn } from "../../conn/derive_conn.ts";
import type { DialError } from "../../core/dial_error.ts";
import type { DialErrorCode } from "../../core/dial_error_code.ts";
import type { ContextDialer } from "../../core/dialer.ts";
import { joinHostPort } from "../../core/host_port.ts";
import type { RunningDial } from "../../dial/running_dial.ts";
import type { IpFamily } from "../../ip/ip_literal.ts";
import { lookUpFamilies, summarizeLookupErrors } from "../../net/look_up_families.ts";
import { raceDials } from "../../dial/race_dials.ts";
import type { Resolver } from "../../resolver/resolver.ts";
import type { ProxyConfig } from "./proxy_config.ts";
import type { ProxyDialTarget } from "./proxy_dial_target.ts";
import { hungUp, prefixHop, type ProxyDialFailure } from "./proxy_unreachable.ts";

/** How to resolve names locally. */
export interface LocalLookup {
  readonly resolver: Resolver;
  /** The families that the proxy can reach. */
  readonly families: readonly IpFamily[];
}

/**
 * Milliseconds from one address to the next while none has failed. Longer than between direct
 * attempts (RFC 8305 §5), since a handshake needs some round trips before the proxy starts to
 * connect.
 */
const attemptDelayMs = 1_000;

/**
 * Resolves a name locally, and dials its addresses through the proxy as a happy-eyeballs dialer
 * would.
 */
export async function dialLookedUp(
  dial: RunningDial,
  proxy: ProxyConfig,
  { resolver, ...lookup }: LocalLookup,
  { host: asked, target: { host, port } }: ProxyDialTarget,
  throughProxy: ContextDialer,
): Promise<Conn> {
  const { chain: via, label: hop } = proxy;
  if (/\.onion\.?$/i.test(host)) {
    // RFC 7686 §2: the lookup would reveal the onion service to the resolver and the network.
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
    movesOn: (error) => mayBeOfAddress(error, hop),
  });
  if (!Array.isArray(end)) {
    const conn = end as Conn;
    dial.keep(conn);
    return deriveConn(conn, { remoteAddr: { transport: "tcp", hostname: asked, port } });
  }
  if (end.length > 0) throw dial.error(sumUp(proxy, end));
  throw dial.error({ via, ...summarizeLookupErrors(host, lookupErrors) });
}

/** Failures that precede the request for an address. */
const beforeRequest: ReadonlySet<DialErrorCode> = new Set<DialErrorCode>([
  ...["ERR_PROXY_AUTH_FAILED", "ERR_PROXY_AUTH_REQUIRED", "ERR_PROXY_AUTH_UNSUPPORTED"] as const,
  "ERR_PROXY_CREDENTIALS",
]);

/**
 * Whether another address may succeed. Any reply to the request may depend on the address: 3proxy
 * without IPv6 replies 0x07, "command not supported". A proxy that is unreachable or rejects the
 * credentials fails for all addresses.
 */
function mayBeOfAddress(error: DialError, hop: string): boolean {
  if (error.blame === "target" || error.phase === "address" || hungUp(error)) return true;
  return error.phase === "proxy" && error.hop === hop && error.code.startsWith("ERR_PROXY_") &&
    !beforeRequest.has(error.code);
}

/** Replies of a proxy to an address of a family that it cannot reach. */
const saysLittle: ReadonlySet<DialErrorCode> = new Set<DialErrorCode>([
  "ERR_PROXY_TARGET_ADDRESS_TYPE",
  "ERR_PROXY_TARGET_HOST_UNREACHABLE",
  "ERR_PROXY_TARGET_NET_UNREACHABLE",
]);

/**
 * Summarizes the failures of all addresses. The proxy is to blame only if all failures blame it.
 * The target is to blame only if the proxy answered every request: a closed connection does not
 * prove that the address is unreachable.
 */
function sumUp(proxy: ProxyConfig, errors: readonly DialError[]): ProxyDialFailure {
  const ofTarget = errors.filter(({ blame }) => blame !== "proxy");
  const { code, phase, hop, cause, blame } = ofTarget.find(({ code }) => !saysLittle.has(code)) ??
    ofTarget[0] ?? errors[0]!;
  const bare = ({ reason }: DialError) =>
    reason.startsWith(`${hop}: `) ? reason.slice(hop!.length + 2) : reason;
  const [first, ...others] = errors.map(bare);
  // The same failure for every address is about the proxy, such as a wrong protocol.
  const same = blame === "proxy" && others.every((reason) => reason === first);
  const listed = errors.slice(0, 4).map((error) => `${error.address}: ${bare(error)}`).join(", ");
  const more = errors.length > 4 ? `, and ${errors.length - 4} more` : "";
  const all = same
    ? first!
    : errors.length === 1
    ? listed
    : `all ${errors.length} addresses failed: ${listed}${more}`;
  return {
    ...{ code, phase, via: proxy.chain, cause },
    hop,
    ...(blame !== undefined && !errors.some(hungUp) && { blame }),
    reason: prefixHop(proxy, proxy.label, all),
    ...(errors.length > 1 && { errors }),
  };
}
