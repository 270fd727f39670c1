import type { Clock } from "../core/clock.ts";
import type { Conn } from "../core/conn.ts";
import { deriveConn } from "../core/derive_conn.ts";
import { DialError, type DialErrorInit, dialFailure, isDialError } from "../core/dial_error.ts";
import type { DialFailure, DialOutcome, DialReport, ReportSource } from "../core/dial_report.ts";
import { DialTrace, type TraceNode } from "../core/dial_trace.ts";
import type { ContextDialer, DialerForAddr, DialOptions, Multiaddr } from "../core/dialer.ts";
import { reasonOf, systemErrorCode } from "../core/error_reason.ts";
import { isDialer } from "../core/is_dialer.ts";
import { abortable, onAbort } from "../core/signals.ts";
import type { DialMultiaddrOptions } from "./dial_multiaddr_options.ts";
import { parseMultiaddr, readDialArgs } from "./dial_args.ts";
import { readDnsaddr } from "./dnsaddr.ts";
import { type Candidate, DnsaddrLookup } from "./dnsaddr_lookup.ts";
import type { TxtResolver } from "./txt_resolver.ts";

/** What the dial of a multiaddr is given. */
export interface MultiaddrDialInit {
  readonly chooseDialer: DialerForAddr;
  readonly txtResolver: TxtResolver;
  readonly clock: Clock;
  readonly resolve: (conn: Conn) => void;
  readonly reject: (reason: unknown) => void;
}

interface Attempt {
  readonly node: TraceNode;
  readonly controller: AbortController;
}

/** The part of an error that differs from failure to failure. */
type Failure = Omit<DialErrorInit, "report" | "network" | "address"> & Partial<DialErrorInit>;

/** Milliseconds from one address to the next while none has failed (RFC 8305 §5). */
const attemptDelayMs = 250;

const aborted: DialFailure = { code: "ABORT_ERR", message: "aborted by the caller" };

/** One dial of a multiaddr, from reading it to the connection or the error. */
export class MultiaddrDial {
  readonly #init: MultiaddrDialInit;
  readonly #options: DialMultiaddrOptions;
  readonly #ma: Multiaddr | string;
  readonly #trace: DialTrace;
  readonly #root: TraceNode;
  #unlink: () => void = () => {};
  /** Only for a `/dnsaddr`, which may have many addresses. */
  #lookup: DnsaddrLookup | undefined;
  readonly #waiting: Candidate[] = [];
  readonly #attempts = new Set<Attempt>();
  readonly #errors: DialError[] = [];
  /** Whether the next attempt may start as soon as there is an address. */
  #due = true;
  #timer: unknown;
  #over = false;

  constructor(init: MultiaddrDialInit, ma: Multiaddr | string, options: DialMultiaddrOptions) {
    this.#init = init;
    this.#ma = ma;
    this.#options = options;
    this.#trace = new DialTrace(options.onEvent, init.clock.now);
    const address = String(ma);
    this.#root = this.#trace.start(undefined, address, {
      type: "dial-start",
      network: address.startsWith("/unix/") ? "unix" : "tcp",
      address,
    });
  }

  start(): void {
    const { signal } = this.#options;
    // A listener of "dial-start" may have aborted already.
    if (signal?.aborted) return this.#abort();
    this.#unlink = onAbort(signal, () => this.#abort());
    const ma = parseMultiaddr(this.#ma);
    if ("reason" in ma) return this.#failAddress(ma);
    const dnsaddr = readDnsaddr(ma);
    if (dnsaddr !== undefined) {
      this.#lookup = new DnsaddrLookup({
        resolver: this.#init.txtResolver,
        trace: this.#trace,
        root: this.#root,
        found: (candidate) => this.#waiting.push(candidate),
        ended: () => this.#step(),
      });
      this.#lookup.lookUp(dnsaddr);
      return;
    }
    const args = readDialArgs(ma);
    if ("reason" in args) return this.#failAddress(args);
    this.#attempt({ ma, args }, this.#root);
  }

  /** Starts what may start now, or sees that nothing is left to try. */
  #step(): void {
    if (this.#over) return;
    const next = this.#due ? this.#waiting.shift() : undefined;
    if (next !== undefined) {
      this.#due = false;
      this.#setTimer();
      const address = String(next.ma);
      const node = this.#trace.start(this.#root, address, { type: "attempt-start", address });
      this.#attempt(next, node);
    } else if (this.#attempts.size === 0 && this.#lookup?.pending === 0) {
      this.#exhausted();
    }
  }

  async #attempt({ ma, args }: Candidate, node: TraceNode): Promise<void> {
    const attempt: Attempt = { node, controller: new AbortController() };
    // A listener may abort at any event, also at the one just told.
    if (this.#over) return;
    this.#attempts.add(attempt);
    const { signal } = attempt.controller;
    let startMs: number | undefined;
    try {
      const dialer = await this.#dialerFor({ ma, args }, signal);
      startMs = this.#trace.elapsedMs();
      const onEvent = this.#trace.nestedListener(node);
      const { txtResolver: _, ...rest } = this.#options;
      const options: DialOptions = { ...rest, signal, remoteMultiaddr: ma, onEvent };
      const dial = (async () => await dialer.dialContext(args.network, args.address, options))();
      const conn = await abortable(dial, signal, (late) => late?.close?.());
      if (typeof conn?.read !== "function") {
        throw new TypeError("the dialer answered no connection");
      }
      this.#succeed(attempt, conn, startMs);
    } catch (thrown) {
      if (this.#over) return;
      this.#attempts.delete(attempt);
      const error = isDialError(thrown) ? thrown : this.#foreignError(thrown, args);
      if (isDialError(thrown) && startMs !== undefined) {
        this.#trace.adopt(node, thrown.report, startMs);
      }
      this.#attemptFailed(node, error);
    }
  }

  async #dialerFor({ ma, args }: Candidate, signal: AbortSignal): Promise<ContextDialer> {
    let reason = "the function that chooses the dialer answered nothing that can dial";
    let cause: unknown;
    try {
      const choice = (async () => await this.#init.chooseDialer(ma))();
      const dialer = await abortable(choice, signal);
      if (isDialer(dialer)) return dialer;
    } catch (error) {
      cause = error;
      reason = `the function that chooses the dialer failed: ${dialFailure(error).message}`;
    }
    throw this.#error({ code: "ERR_DIAL_NO_DIALER", phase: "route", reason, cause, ...args });
  }

  #foreignError(cause: unknown, args: Candidate["args"]): DialError {
    const code = systemErrorCode(cause) ?? "ERR_DIAL_FAILED";
    const reason = reasonOf(code) ?? dialFailure(cause).message;
    return this.#error({ code, phase: "connect", reason, cause, ...args });
  }

  #attemptFailed(node: TraceNode, error: DialError): void {
    if (this.#lookup === undefined) {
      const { code, phase, network, address, reason, via, hop, blame, cause, errors } = error;
      this.#fail({ code, phase, network, address, reason, via, hop, blame, cause, errors });
      return;
    }
    this.#trace.end(node, "failed", { code: error.code, message: error.reason });
    this.#errors.push(error);
    this.#due = true;
    this.#step();
  }

  /** Nothing is left to try, at a `/dnsaddr`. */
  #exhausted(): void {
    const lookupErrors = this.#lookup!.failures.map(({ code, reason, cause, node }) =>
      this.#error({ code, phase: node === undefined ? "address" : "resolve", reason, cause }, node)
    );
    const errors = [...this.#errors, ...lookupErrors];
    // That a name has no record says little next to any other failure.
    const telling = errors.find(({ code }) => code !== "ENOTFOUND") ?? errors[0]!;
    const { code, phase, via, hop, blame, cause } = telling;
    const why = (error: DialError) =>
      lookupErrors.includes(error) ? error.reason : `${error.address}: ${error.reason}`;
    const listed = errors.slice(0, 4).map(why).join(", ");
    const more = errors.length > 4 ? `, and ${errors.length - 4} more` : "";
    const reason = errors.length === 1 ? why(telling) : `all failed: ${listed}${more}`;
    this.#fail({
      ...{ code, phase, via, hop, blame, cause, reason },
      ...(errors.length > 1 && { errors }),
    });
  }

  #failAddress({ reason, cause }: { reason: string; cause?: unknown }): void {
    this.#fail({ code: "ERR_DIAL_MULTIADDR", phase: "address", reason, cause });
  }

  #fail(failure: Failure): void {
    const error = this.#error(failure);
    this.#finish("failed", dialFailure(error));
    // The report was made with the error, when the dial had not ended yet.
    Object.defineProperty(error, "report", { value: this.#trace.report() });
    this.#init.reject(error);
  }

  #abort(): void {
    const { reason } = this.#options.signal!;
    this.#finish("aborted", aborted, reason);
    this.#init.reject(reason);
  }

  #succeed(winner: Attempt, conn: Conn, startMs: number): void {
    const derived = deriveConn(conn, {
      report: reportWith(this.#trace, winner.node, conn, startMs),
    });
    this.#attempts.delete(winner);
    if (winner.node !== this.#root) this.#trace.end(winner.node, "ok");
    // Aborted at the moment of success, or by a listener of the event just told.
    if (this.#over) return conn.close();
    this.#finish("ok");
    this.#init.resolve(derived);
  }

  /** Releases all that the dial holds, and ends every step that is still open. */
  #finish(outcome: DialOutcome, failure?: DialFailure, reason?: unknown): void {
    this.#over = true;
    this.#unlink();
    if (this.#timer !== undefined) this.#init.clock.clearTimer(this.#timer);
    if (this.#lookup !== undefined || this.#attempts.size > 0) {
      const why = reason ?? new DOMException("another address was faster", "AbortError");
      this.#lookup?.stop(why);
      for (const { controller } of this.#attempts) controller.abort(why);
    }
    this.#trace.end(this.#root, outcome, failure);
  }

  #setTimer(): void {
    const { clock } = this.#init;
    if (this.#timer !== undefined) clock.clearTimer(this.#timer);
    this.#timer = clock.setTimer(() => {
      this.#timer = undefined;
      this.#due = true;
      this.#step();
    }, attemptDelayMs);
  }

  #error(failure: Failure, node?: TraceNode): DialError {
    const address = String(this.#ma);
    const network = address.startsWith("/unix/") ? "unix" : "tcp";
    return new DialError({ network, address, ...failure, report: this.#trace.report(node) });
  }
}

/** Apart from the dial, which an idle connection would keep else. */
function reportWith(
  trace: DialTrace,
  node: TraceNode,
  conn: Conn,
  startMs: number,
): ReportSource {
  return {
    report() {
      // A connection of somebody else's making may have none.
      const inner = conn.report as DialReport | undefined;
      if (inner !== undefined) trace.adopt(node, inner, startMs);
      return trace.report();
    },
  };
}
