import type { DialErrorCode } from "../core/dial_error_code.ts";
import { dialFailure } from "../core/dial_error.ts";
import type { DialTrace, TraceNode } from "../core/dial_trace.ts";
import type { Multiaddr } from "../core/dialer.ts";
import { reasonOf, systemErrorCode } from "../core/error_reason.ts";
import { abortable } from "../core/signals.ts";
import { type DialArgs, readDialArgs } from "./dial_args.ts";
import { type Dnsaddr, readDnsaddr, readDnsaddrRecords } from "./dnsaddr.ts";
import type { TxtResolver } from "./txt_resolver.ts";

/** What to dial for a multiaddr. */
export interface Candidate {
  readonly ma: Multiaddr;
  readonly args: DialArgs;
}

/** Why a lookup gave nothing to dial. */
export interface LookupFailure {
  readonly code: DialErrorCode;
  readonly reason: string;
  readonly cause?: unknown;
  /** The step that failed, where one was made. */
  readonly node?: TraceNode;
}

/** What the lookups of a `/dnsaddr` are given. */
export interface DnsaddrLookupInit {
  readonly resolver: TxtResolver;
  readonly trace: DialTrace;
  readonly root: TraceNode;
  /** A multiaddr that can be dialed. */
  readonly found: (candidate: Candidate) => void;
  /** A lookup ended; all that it found was told. */
  readonly ended: () => void;
}

const maxDepth = 8;
const maxLookups = 32;
const maxFound = 32;

/** The lookups of a `/dnsaddr` and of those that it leads to, all at once, and bounded in depth and number. */
export class DnsaddrLookup {
  readonly #init: DnsaddrLookupInit;
  readonly #controller = new AbortController();
  readonly #made = new Set<string>();
  #found = 0;
  #undialable: [LookupFailure] | undefined;
  readonly #failures: LookupFailure[] = [];
  #pending = 0;

  constructor(init: DnsaddrLookupInit) {
    this.#init = init;
  }

  /** How many lookups are under way. */
  get pending(): number {
    return this.#pending;
  }

  /** What failed; also what was found but cannot be dialed, where nothing else was found. */
  get failures(): readonly LookupFailure[] {
    if (this.#found > 0) return this.#failures;
    const failures = [...(this.#undialable ?? []), ...this.#failures];
    const reason = "its records only lead back to one another";
    return failures.length > 0 ? failures : [{ code: "ENOTFOUND", reason }];
  }

  /** Gives up what is under way; ending the steps is left to the dial. */
  stop(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** Looks a `/dnsaddr` up, and what it leads to. */
  async lookUp({ name, suffix }: Dnsaddr, depth = 1): Promise<void> {
    const key = [name, ...suffix.map(({ code, value }) => `${code} ${value}`)].join("/");
    // Records may lead back to their own name.
    if (this.#made.has(key)) return;
    if (depth > maxDepth) return this.#refuse(`"${name}" is nested deeper than ${maxDepth} levels`);
    if (this.#made.size === maxLookups) {
      return this.#refuse(`it takes more than ${maxLookups} lookups`);
    }
    this.#made.add(key);
    const { trace, root, resolver } = this.#init;
    const { signal } = this.#controller;
    const node = trace.start(root, `${name} TXT`, { type: "lookup-start", host: name });
    // A listener may abort at any event, also at this one.
    if (signal.aborted) return;
    this.#pending++;
    try {
      const lookup = (async () => await resolver.resolveTxt(name, { signal }))();
      const { found, others } = readDnsaddrRecords(await abortable(lookup, signal), suffix);
      if (signal.aborted) return;
      if (found.length === 0) throw nothingFound(name, suffix.length > 0 ? others : 0);
      trace.end(node, "ok", undefined, { addresses: found.map(String) });
      for (const ma of found) if (!signal.aborted) this.#take(ma, depth);
    } catch (cause) {
      if (signal.aborted) return;
      const failure = { ...lookupFailure(name, cause), node };
      this.#failures.push(failure);
      trace.end(node, "failed", { code: failure.code, message: failure.reason });
    }
    this.#pending--;
    this.#init.ended();
  }

  #take(ma: Multiaddr, depth: number): void {
    const nested = readDnsaddr(ma);
    if (nested !== undefined) {
      this.lookUp(nested, depth + 1);
      return;
    }
    const args = readDialArgs(ma);
    if ("reason" in args) {
      const reason = `none of the addresses found can be dialed: ${ma}: ${args.reason}`;
      this.#undialable ??= [{ code: "ERR_DIAL_MULTIADDR", reason }];
    } else if (this.#found < maxFound) {
      this.#found++;
      this.#init.found({ ma, args });
    }
  }

  #refuse(reason: string): void {
    this.#failures.push({ code: "ERR_DIAL_MULTIADDR", reason });
  }
}

function nothingFound(name: string, others: number): Error {
  const reason = others > 0
    ? `none of the ${others} addresses at "${name}" ends as asked for`
    : `no dnsaddr record at "${name}"`;
  return Object.assign(new Error(reason), { code: "ENOTFOUND", reason });
}

function lookupFailure(name: string, cause: unknown): LookupFailure {
  const found = systemErrorCode(cause);
  // Deno says EPERM of a lookup that its permissions do not cover.
  const code = found === "EPERM" ? "EACCES" : found ?? "ERR_DIAL_FAILED";
  const reason = (cause as { reason?: string } | undefined)?.reason ??
    (code === "ENOTFOUND"
      ? `no dnsaddr record at "${name}"`
      : code === "EACCES"
      ? `looking up "${name}" is not permitted`
      : `looking up "${name}" failed: ${reasonOf(code) ?? dialFailure(cause).message}`);
  return { code, reason, cause };
}
