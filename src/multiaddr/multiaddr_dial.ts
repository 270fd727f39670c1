import type { Conn } from "../core/conn.ts";
import { type DialError, dialFailure } from "../core/dial_error.ts";
import {
  type ContextDialer,
  type DialerForAddr,
  isDialer,
  type Multiaddr,
} from "../core/dialer.ts";
import type { DialScope } from "../dial/dial.ts";
import type { RunningDial } from "../dial/running_dial.ts";
import { parseMultiaddr, readDialArgs } from "./dial_args.ts";
import { type Dnsaddr, readDnsaddr } from "./dnsaddr.ts";
import { type Candidate, candidateLine, DnsaddrLookup } from "./dnsaddr_lookup.ts";
import { raceDials } from "../dial/race_dials.ts";
import type { TxtResolver } from "../resolver/txt_resolver.ts";

/** The arguments of a multiaddr dial. */
export interface MultiaddrDialInit {
  readonly ma: Multiaddr | string;
  readonly dialer: ContextDialer | DialerForAddr;
  readonly txtResolver: TxtResolver;
}

/** Dials a multiaddr. A `/dnsaddr` is resolved, and the first address that connects wins. */
export async function carryOutMultiaddrDial(
  dial: RunningDial,
  { ma, dialer, txtResolver }: MultiaddrDialInit,
): Promise<Conn> {
  const parsed = parseMultiaddr(ma);
  if ("reason" in parsed) throw badAddress(dial, parsed);
  const dnsaddr = readDnsaddr(parsed);
  if (dnsaddr?.name.includes("@")) {
    throw badAddress(dial, { reason: '"dnsaddr" has an impossible name' });
  }
  if (dnsaddr !== undefined) return await dialDnsaddr(dial, dnsaddr, dialer, txtResolver);
  const args = readDialArgs(parsed);
  if ("reason" in args) throw badAddress(dial, args);
  dial.comesTo(args.network, args.address);
  return await attempt(dial, dial, { ma: parsed, args }, dialer);
}

function badAddress(dial: RunningDial, bad: { reason: string; cause?: unknown }): DialError {
  return dial.error({ code: "ERR_DIAL_MULTIADDR", phase: "address", ...bad });
}

async function dialDnsaddr(
  dial: RunningDial,
  dnsaddr: Dnsaddr,
  dialer: ContextDialer | DialerForAddr,
  txtResolver: TxtResolver,
): Promise<Conn> {
  let lookup: DnsaddrLookup | undefined;
  const end = await raceDials<Candidate>(dial, {
    // RFC 8305 §5; there is no preferred family to wait for.
    ...{ attemptDelayMs: 250, resolutionDelayMs: 0, preferFamily: candidateLine },
    lookUp(race) {
      lookup = new DnsaddrLookup(dial, race, txtResolver);
      lookup.lookUp(dnsaddr);
    },
    attempt(candidate) {
      const address = String(candidate.ma);
      const start = { type: "attempt-start", address } as const;
      return dial.step(start, (step) => attempt(dial, step, candidate, dialer));
    },
  });
  if (!Array.isArray(end)) return end as Conn;
  throw dial.error(sumUp(end, lookup!.failures));
}

async function attempt(
  dial: RunningDial,
  scope: DialScope,
  { ma, args }: Candidate,
  dialer: ContextDialer | DialerForAddr,
): Promise<Conn> {
  const { network, address } = args;
  const chosen = isDialer(dialer) ? dialer : await choose(dial, scope, { ma, args }, dialer);
  return await scope.through(chosen, { network, address, remoteMultiaddr: ma });
}

async function choose(
  dial: RunningDial,
  scope: DialScope,
  { ma, args }: Candidate,
  dialerFor: DialerForAddr,
): Promise<ContextDialer> {
  const waiting = "waiting for the function that chooses the dialer";
  let isChosen = false;
  scope.whilePending((inner) => {
    if (!isChosen) return { phase: "route", waiting };
    return inner ?? { phase: "connect", waiting: "waiting for the dialer" };
  });
  let reason = "the function that chooses the dialer answered nothing that can dial";
  let cause: unknown;
  try {
    const dialer = await dialerFor(ma);
    isChosen = true;
    if (isDialer(dialer)) return dialer;
  } catch (error) {
    cause = error;
    reason = `the function that chooses the dialer failed: ${dialFailure(error).message}`;
  }
  throw dial.error({ code: "ERR_DIAL_NO_DIALER", phase: "route", reason, cause, ...args });
}

function sumUp(
  attemptErrors: readonly DialError[],
  lookupErrors: readonly DialError[],
): Pick<DialError, "code" | "phase" | "reason" | "via" | "hop" | "blame" | "cause" | "errors"> {
  const errors = [...attemptErrors, ...lookupErrors];
  // A missing record is less informative than any other failure.
  const telling = errors.find(({ code }) => code !== "ENOTFOUND") ?? errors[0]!;
  const { code, phase, via, hop, blame, cause } = telling;
  const why = (error: DialError) =>
    lookupErrors.includes(error) ? error.reason : `${error.address}: ${error.reason}`;
  const listed = errors.slice(0, 4).map(why).join(", ");
  const more = errors.length > 4 ? `, and ${errors.length - 4} more` : "";
  return {
    ...{ code, phase, cause },
    via,
    hop,
    blame,
    reason: errors.length === 1 ? why(telling) : `all failed: ${listed}${more}`,
    ...(errors.length > 1 && { errors }),
  };
}
