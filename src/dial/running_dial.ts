import type { Clock } from "../core/clock.ts";
import type { Conn } from "../core/conn.ts";
import {
  DialError,
  type DialErrorInit,
  dialFailure,
  isDialError,
  withReport,
} from "../core/dial_error.ts";
import { type ReadDialOptions, readDialOptions } from "../core/dial_options.ts";
import { aborted, type DialFailure, type DialOutcome } from "../core/dial_report.ts";
import type { ContextDialer, Multiaddr, Network } from "../core/dialer.ts";
import { reasonOf, systemErrorCode } from "../core/error_reason.ts";
import { completeConn, discardConn } from "../core/foreign_conn.ts";
import { isDialer } from "../core/is_dialer.ts";
import type { OwnConn } from "../core/own_conn.ts";
import { onAbort } from "../core/signals.ts";
import { shownValue, valueKind } from "../core/value_kind.ts";
import type { Dial, DialScope, ThroughChange } from "./dial.ts";
import { beginDial, type DialStep, type StepLink } from "./dial_step.ts";
import { InnerDial } from "./inner_dial.ts";
import type { StepPoint, StepStart } from "./step_kinds.ts";

/** What one dial is given. */
export interface RunningDialInit {
  readonly network: Network;
  readonly address: string;
  readonly options: ReadDialOptions;
  readonly clock: Clock;
  /** The proxies on the way, redacted. */
  readonly via: string | undefined;
}

/** What went wrong, as {@linkcode Dial.error} takes it. */
type Failure = Parameters<Dial["error"]>[0];

/** A throw of somebody else's dialer in the form of a `DialError`, whose cause it is. */
export class ForeignDialError extends DialError {}

/**
 * Why a dial within one that went well is given up. One for all, since making one takes a tenth of
 * a dial.
 */
const notNeeded = new DOMException("another dial was faster", "AbortError");

/** The longest delay that timers take. */
const maxMs = 2 ** 31 - 1;

/** One step of a dial that is under way, or the dial itself. */
class Scope implements DialScope {
  readonly #dial: RunningDial;
  readonly #step: DialStep;

  constructor(dial: RunningDial, step: DialStep) {
    this.#dial = dial;
    this.#step = step;
  }

  through(dialer: ContextDialer, change?: ThroughChange): Promise<Conn> {
    return this.#dial.dialWithin(this.#step, dialer, change);
  }

  step<T>(
    start: StepStart,
    run: (step: DialScope) => Promise<T>,
    end?: (result: T) => object,
  ): Promise<T> {
    return this.#dial.stepWithin(this.#step, start, run, end);
  }

  note(point: StepPoint): void {
    this.#step.note(point);
  }

  wait(ms: number, why: string): Promise<void> {
    return this.#dial.waitWithin(this.#step, ms, why);
  }

  error(failure: Failure): DialError {
    return this.#dial.errorOf(this.#step, failure);
  }

  whilePending(describe: Parameters<DialScope["whilePending"]>[0]): void {
    this.#step.describePending(describe);
  }
}

/** The life of one dial, from the call to the connection or the error. */
export class RunningDial implements Dial {
  readonly network: Network;
  readonly address: string;
  readonly remoteMultiaddr: Multiaddr | undefined;
  /** What its errors name as dialed. */
  #endpoint: { readonly network: Network; readonly address: string };
  readonly #caller: AbortSignal | undefined;
  readonly #others: object;
  readonly #clock: Clock;
  readonly #root: DialStep;
  readonly #scope: Scope;
  /** Made where `run` asks. */
  #controller: AbortController | undefined;
  #untilOver: AbortController | undefined;
  readonly #dials = new Set<InnerDial>();
  /** Connections that this dial made itself. */
  readonly #conns = new Set<OwnConn>();
  /** What is to be done when the dial is over. */
  readonly #endings = new Set<(reason: unknown) => void>();
  /** The failures of attempts and dials so far, for a limit that ends the dial. */
  readonly #errors: DialError[] = [];
  #unlink: () => void = () => {};
  #timer: unknown;
  #deadlineMs = Infinity;
  #isOver = false;
  #reason: unknown;
  #outcome: DialOutcome | undefined;
  #resolve: (conn: Conn) => void = () => {};
  #reject: (reason: unknown) => void = () => {};

  constructor({ network, address, options, clock, via }: RunningDialInit) {
    this.network = network;
    this.address = address;
    this.#endpoint = { network, address };
    this.remoteMultiaddr = options.remoteMultiaddr;
    this.#caller = options.signal;
    this.#others = options.others;
    this.#clock = clock;
    this.#root = beginDial(options.onEvent, clock.now, {
      type: "dial-start",
      network,
      address,
      ...(via !== undefined && { via }),
    });
    this.#scope = new Scope(this, this.#root);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isOver && this.#outcome !== "ok") this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Aborts when the dial is over, well or not. */
  get untilOver(): AbortSignal {
    if (this.#untilOver === undefined) {
      this.#untilOver = new AbortController();
      if (this.#isOver) this.#untilOver.abort(this.#reason);
    }
    return this.#untilOver.signal;
  }

  /**
   * Calls back when the dial is over, well or not; costs less than a signal. Returns what undoes
   * that.
   */
  whenOver(callback: (reason: unknown) => void): () => void {
    this.#endings.add(callback);
    return () => this.#endings.delete(callback);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get clock(): Clock {
    return this.#clock;
  }

  /** Has the errors of this dial name what it comes to, rather than what was asked for. */
  comesTo(network: Network, address: string): void {
    this.#endpoint = { network, address };
  }

  /** Carries the dial out. */
  run(run: (dial: RunningDial) => Promise<Conn>): Promise<Conn> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      // A listener of "dial-start" may have aborted already.
      if (this.#caller?.aborted) return this.#abort();
      this.#unlink = onAbort(this.#caller, () => this.#abort());
      (async () => await run(this))().then((conn) => this.#ran(conn), (error) => this.#fail(error));
    });
  }

  through(dialer: ContextDialer, change?: ThroughChange): Promise<Conn> {
    return this.#scope.through(dialer, change);
  }

  step<T>(
    start: StepStart,
    run: (step: DialScope) => Promise<T>,
    end?: (result: T) => object,
  ): Promise<T> {
    return this.#scope.step(start, run, end);
  }

  note(point: StepPoint): void {
    this.#scope.note(point);
  }

  wait(ms: number, why: string): Promise<void> {
    return this.#scope.wait(ms, why);
  }

  error(failure: Failure): DialError {
    return this.#scope.error(failure);
  }

  whilePending(describe: Parameters<DialScope["whilePending"]>[0]): void {
    this.#scope.whilePending(describe);
  }

  limit(ms: number): void {
    if (typeof ms !== "number" || !(ms > 0 && ms <= maxMs)) {
      throw new RangeError(`a limit must be between 0 and ${maxMs} ms, not ${shownValue(ms)}`);
    }
    const deadlineMs = this.#clock.now() + ms;
    if (this.#isOver || deadlineMs >= this.#deadlineMs) return;
    this.#deadlineMs = deadlineMs;
    this.#clearTimer();
    this.#timer = this.#clock.setTimer(() => this.#expire(ms), ms);
  }

  /** Takes a connection that this dial has made: it is reset unless it is returned. */
  obtained(conn: OwnConn): void {
    if (this.#isOver) conn.reset();
    else this.#conns.add(conn);
  }

  keep(conn: Conn): void {
    for (const dial of this.#dials) {
      if (dial.conn === conn) dial.kept = true;
    }
  }

  /** Makes the error of this dial, whose report is that of a step. */
  errorOf(step: DialStep, failure: Failure): DialError {
    return new DialError({ ...this.#endpoint, ...definedOf(failure), report: step });
  }

  /**
   * Dials through another dialer that does all there is to tell of: its steps are this dial's own.
   */
  pass(dialer: ContextDialer, change?: ThroughChange): Promise<Conn> {
    return this.dialWithin(this.#root, dialer, change, this.#root.linkAsSelf());
  }

  /** Dials through another dialer, within a step. */
  dialWithin(
    parent: DialStep,
    dialer: ContextDialer,
    change: ThroughChange = {},
    link: StepLink = parent.link(),
  ): Promise<Conn> {
    const { network = this.network, address = this.address } = change;
    const [signal, onEvent] = [change.signal ?? undefined, change.onEvent ?? undefined];
    const isSame = network === this.network && address === this.address;
    const remoteMultiaddr = change.remoteMultiaddr ?? (isSame ? this.remoteMultiaddr : undefined);
    const dial = new InnerDial(link, signal);
    const options = {
      ...((isSame || change.remoteMultiaddr !== undefined) && this.#others),
      signal: dial.signal,
      onEvent: onEvent === undefined ? link.listener : both(onEvent, link.listener),
      ...(remoteMultiaddr !== undefined && { remoteMultiaddr }),
    };
    const conn = new Promise<Conn>((resolve, reject) => {
      if (this.#isOver) throw this.#reason;
      if (signal !== undefined || onEvent !== undefined) readDialOptions(change);
      if (signal?.aborted) throw signal.reason;
      if (!isDialer(dialer)) {
        throw new TypeError(
          `Cannot dial through ${valueKind(dialer)}: it has no dialContext method`,
        );
      }
      this.#dials.add(dial);
      dial.start({
        dial: () => dialer.dialContext(network, address, options),
        begun: { type: "dial-start", network, address },
        answered: (answer) => this.#completed(answer, network, address),
        connected: resolve,
        failed: (thrown) => {
          this.#dials.delete(dial);
          const error = this.#inner(thrown, network, address);
          if (parent === this.#root && isDialError(error)) this.#errors.push(error);
          return error;
        },
        rejected: reject,
      });
    });
    return handled(conn);
  }

  #completed(answer: unknown, network: Network, address: string): OwnConn {
    const conn = completeConn(answer, network, address);
    if (conn === undefined) throw new TypeError("the dialer answered no connection");
    return conn;
  }

  /** The error of a dial within this one, whatever its dialer threw. */
  #inner(thrown: unknown, network: Network, address: string): DialError {
    if (isDialError(thrown)) return thrown;
    const code = systemErrorCode(thrown) ?? "ERR_DIAL_FAILED";
    const reason = reasonOf(code) ?? dialFailure(thrown).message;
    return new ForeignDialError({
      ...{ code, phase: "connect", network, address, reason, cause: thrown },
      report: this.#root,
    });
  }

  /** Takes a step within another. */
  stepWithin<T>(
    parent: DialStep,
    start: StepStart,
    run: (step: DialScope) => Promise<T>,
    end?: (result: T) => object,
  ): Promise<T> {
    return handled(this.#step(parent, start, run, end));
  }

  async #step<T>(
    parent: DialStep,
    start: StepStart,
    run: (step: DialScope) => Promise<T>,
    end?: (result: T) => object,
  ): Promise<T> {
    if (this.#isOver) throw this.#reason;
    // A scope may be used when its step has ended.
    const step = (parent.isOpen ? parent : this.#root).start(start);
    try {
      const result = await this.#orOver(() => run(new Scope(this, step)));
      step.end("ok", undefined, end?.(result));
      if (this.#isOver) throw this.#reason;
      return result;
    } catch (error) {
      if (this.#isOver) throw this.#reason;
      const failure = isDialError(error)
        ? { code: error.code, message: error.reason }
        : dialFailure(error);
      step.end("failed", failure);
      if (isDialError(error) && start.type === "attempt-start") this.#errors.push(error);
      // A listener may abort at any event.
      if (this.#isOver) throw this.#reason;
      throw error;
    }
  }

  /** Waits, as a step. */
  waitWithin(parent: DialStep, ms: number, why: string): Promise<void> {
    if (typeof ms !== "number" || !(ms >= 0 && ms <= maxMs)) {
      throw new RangeError(`a wait must be between 0 and ${maxMs} ms, not ${shownValue(ms)}`);
    }
    return this.stepWithin(parent, { type: "wait-start", why, ms }, () => {
      return new Promise((resolve) => {
        const timer = this.#clock.setTimer(() => {
          unlink();
          resolve();
        }, ms);
        const unlink = this.whenOver(() => this.#clock.clearTimer(timer));
      });
    });
  }

  /** What `run` gives, unless the dial is over before. */
  #orOver<T>(run: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      // A listener may abort at any event, also at that of the step's beginning.
      if (this.#isOver) throw this.#reason;
      const unlink = this.whenOver(reject);
      const settled = (settle: () => void) => {
        unlink();
        settle();
      };
      (async () => await run())().then(
        (result) => settled(() => resolve(result)),
        (error) => settled(() => reject(error)),
      );
    });
  }

  #ran(answer: Conn): void {
    if (this.#isOver) return discardConn(answer);
    let conn: OwnConn;
    try {
      conn = this.#completed(answer, this.network, this.address);
    } catch (error) {
      discardConn(answer);
      return this.#fail(error);
    }
    for (const dial of this.#dials) {
      if (dial.conn === conn || dial.kept) this.#dials.delete(dial);
    }
    this.#conns.delete(conn);
    conn.setReport(this.#root);
    this.#finish("ok", undefined, notNeeded);
    this.#resolve(conn);
  }

  #fail(thrown: unknown): void {
    if (this.#isOver) return;
    const error = this.#ownError(thrown);
    this.#finish("failed", dialFailure(error), error);
    this.#reject(error);
  }

  /** The error of the whole dial: it says what a dial within it failed with. */
  #ownError(thrown: unknown): DialError {
    return withReport(this.#inner(thrown, this.network, this.address), this.#root);
  }

  #expire(ms: number): void {
    const { phase, waiting, hop, blame, via } = this.#root.pending();
    const limit = new DOMException(`timed out after ${ms} ms`, "TimeoutError");
    // In a chain the reason begins with the proxy that it is about.
    const where = hop === undefined || hop === via ? "" : `${hop}: `;
    const reason = `${where}${limit.message} ${waiting}`;
    const errors = this.#errors.length > 0 ? { errors: [...this.#errors] } : {};
    const failure = { code: "ETIMEDOUT", phase, reason, via, hop, blame, cause: limit } as const;
    const error = this.errorOf(this.#root, { ...failure, ...errors });
    this.#isOver = true;
    this.#root.endWithin("failed", { code: error.code, message: limit.message });
    this.#finish("failed", dialFailure(error), limit);
    this.#reject(error);
  }

  #abort(): void {
    const { reason } = this.#caller!;
    this.#finish("aborted", aborted, reason);
    this.#reject(reason);
  }

  /** Releases all that the dial holds, and ends every step that is still open. */
  #finish(outcome: DialOutcome, failure: DialFailure | undefined, reason: unknown): void {
    this.#isOver = true;
    this.#outcome = outcome;
    this.#reason = reason;
    this.#unlink();
    this.#clearTimer();
    this.#root.end(outcome, failure);
    if (outcome !== "ok") this.#controller?.abort(reason);
    this.#untilOver?.abort(reason);
    for (const dial of this.#dials) dial.giveUp(reason);
    for (const conn of this.#conns) conn.reset();
    for (const end of this.#endings) end(reason);
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}

/** Nobody need wait for it: a race does not wait for its losers. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function both<Event>(one: (event: Event) => void, other: (event: Event) => void) {
  return (event: Event): void => {
    try {
      one(event);
    } finally {
      other(event);
    }
  };
}

function definedOf(failure: Failure): Failure {
  const entries = Object.entries(failure).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as DialErrorInit;
}
