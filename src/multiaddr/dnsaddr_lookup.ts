import type { DialErrorCode } from "../core/dial_error_code.ts";
import { type DialError, dialFailure } from "../core/dial_error.ts";
import type { Multiaddr } from "../core/dialer.ts";
import { describeCode, systemErrorCode } from "../core/error_reason.ts";
import type { DialScope } from "../dial/dial.ts";
import type { RunningDial } from "../dial/running_dial.ts";
import { type DialArgs, readDialArgs } from "./dial_args.ts";
import { type Dnsaddr, readDnsaddr, readDnsaddrRecords } from "./dnsaddr.ts";
import type { AddressRace } from "../dial/address_race.ts";
import type { TxtResolver } from "../resolver/txt_resolver.ts";

/** A multiaddr that was found, and the address to dial for it. */
export interface Candidate {
  readonly ma: Multiaddr;
  readonly args: DialArgs;
}

const maxDepth = 8;
const maxLookups = 32;
const maxFound = 32;

/** The queue of the candidates in the race: one for all, whatever their family. */
export const candidateLine = 6;

/** The concurrent lookups of a `/dnsaddr` and of the nested ones, limited in depth and number. */
export class DnsaddrLookup {
  readonly #dial: RunningDial;
  readonly #race: AddressRace<Candidate>;
  readonly #resolver: TxtResolver;
  readonly #made = new Set<string>();
  #found = 0;
  #undialable: DialError | undefined;
  readonly #failures: DialError[] = [];

  /**
   * @param dial The dial that needs the addresses.
   * @param race Receives the addresses to dial.
   * @param resolver Resolver for the TXT records.
   */
  constructor(dial: RunningDial, race: AddressRace<Candidate>, resolver: TxtResolver) {
    this.#dial = dial;
    this.#race = race;
    this.#resolver = resolver;
  }

  /** The failures. If no address was found, they include the first one that cannot be dialed. */
  get failures(): readonly DialError[] {
    if (this.#found > 0) return this.#failures;
    const failures = [
      ...(this.#undialable === undefined ? [] : [this.#undialable]),
      ...this.#failures,
    ];
    if (failures.length > 0) return failures;
    return [this.#unusable("its records only lead back to one another", "ENOTFOUND")];
  }

  /** Resolves a `/dnsaddr` and the nested ones in its records. */
  lookUp(dnsaddr: Dnsaddr, depth = 1): void {
    const { name, suffix } = dnsaddr;
    const key = [name, ...suffix.map(({ code, value }) => `${code} ${value}`)].join("/");
    // Records may refer to their own name.
    if (this.#made.has(key)) return;
    if (depth > maxDepth) return this.#refuse(`"${name}" is nested deeper than ${maxDepth} levels`);
    if (this.#made.size === maxLookups) {
      return this.#refuse(`it takes more than ${maxLookups} lookups`);
    }
    this.#made.add(key);
    this.#race.expect(1);
    this.#dial.step(
      { type: "lookup-start", host: name },
      (step) => this.#resolve(dnsaddr, step),
      (found) => ({ addresses: found.map(String) }),
    ).then((found) => this.#take(found, depth), (error) => {
      if (this.#dial.isOver) return;
      this.#failures.push(error);
      this.#race.answer(candidateLine, []);
    });
  }

  async #resolve({ name, suffix }: Dnsaddr, step: DialScope): Promise<readonly Multiaddr[]> {
    try {
      const records = await this.#resolver.resolveTxt(name, { signal: this.#dial.untilOver });
      const { found, others } = readDnsaddrRecords(records, suffix);
      if (found.length > 0) return found;
      throw nothingFound(name, suffix.length > 0 ? others : 0);
    } catch (cause) {
      throw step.error({ ...lookupFailure(name, cause), phase: "resolve", cause });
    }
  }

  #take(found: readonly Multiaddr[], depth: number): void {
    const candidates: Candidate[] = [];
    for (const ma of found) {
      const nested = readDnsaddr(ma);
      const args = readDialArgs(ma);
      if (nested !== undefined) this.lookUp(nested, depth + 1);
      else if ("reason" in args) {
        const reason = `none of the addresses found can be dialed: ${ma}: ${args.reason}`;
        this.#undialable ??= this.#unusable(reason);
      } else if (this.#found < maxFound) {
        this.#found++;
        candidates.push({ ma, args });
      }
    }
    this.#race.answer(candidateLine, candidates);
  }

  #refuse(reason: string): void {
    this.#failures.push(this.#unusable(reason));
  }

  #unusable(reason: string, code: DialErrorCode = "ERR_DIAL_MULTIADDR"): DialError {
    return this.#dial.error({ code, phase: "address", reason });
  }
}

function nothingFound(name: string, others: number): Error {
  const reason = others > 0
    ? `none of the ${others} addresses at "${name}" ends as asked for`
    : `no dnsaddr record at "${name}"`;
  return Object.assign(new Error(reason), { code: "ENOTFOUND", reason });
}

function lookupFailure(name: string, cause: unknown): { code: DialErrorCode; reason: string } {
  const found = systemErrorCode(cause);
  // Deno reports EPERM for a lookup without permission.
  const code = found === "EPERM" ? "EACCES" : found ?? "ERR_DIAL_FAILED";
  const reason = (cause as { reason?: string } | undefined)?.reason ??
    (code === "ENOTFOUND"
      ? `no dnsaddr record at "${name}"`
      : code === "EACCES"
      ? `looking up "${name}" is not permitted`
      : `looking up "${name}" failed: ${describeCode(code) ?? dialFailure(cause).message}`);
  return { code, reason };
}
