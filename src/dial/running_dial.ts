import type { Clock } from "./clock.ts";
import type { Conn } from "../core/conn.ts";
import { DialError, dialFailure, isDialError, withReport } from "../core/dial_error.ts";
import type { ReadDialOptions } from "../core/dial_options.ts";
import { aborted, type DialFailure, type DialOutcome } from "../core/dial_report.ts";
import type { Network } from "../core/addr.ts";
import { type ContextDialer, type Multiaddr, requireDialer } from "../core/dialer.ts";
import { discardConn, requireConn } from "../conn/foreign_conn.ts";
import { maxMs } from "../core/options.ts";
import type { OwnConn } from "../conn/own_conn.ts";
import { handled, onAbort } from "./signals.ts";
import { shownValue } from "../core/value_kind.ts";
import { ChildDial } from "./child_dial.ts";
import type { Dial, DialScope, ThroughChange } from "./dial.ts";
import type { DialStep } from "./dial_step.ts";
import { Holdings } from "./holdings.ts";
import { errorOf } from "./foreign_dial_error.ts";
import { type DialLife, type Failure, Scope, StepScope } from "./scope.ts";
import type { StepStart } from "../core/dial_event.ts";
import { beginDial, StepLink } from "./step_link.ts";
import { readThroughChange } from "./through_change.ts";

export interface RunningDialInit {
  readonly network: Network;
  readonly address: string;
  readonly options: ReadDialOptions;
  readonly clock: Clock;
  /** The proxies on the way, redacted. */
  readonly via: string | undefined;
}

/**
 * The abort reason of inner dials after success. One object for all, because making one costs a
 * tenth of a dial.
 */
const notNeeded = new DOMException("another dial was faster", "AbortError");

/** The life of one dial, from the call to the connection or the error. */
export class RunningDial extends Scope implements Dial, DialLife {
  readonly network: Network;
  readonly address: string;
  readonly remoteMultiaddr: Multiaddr | undefined;
  /** The network and address in its errors. */
  #endpoint: { readonly network: Network; readonly address: string };
  readonly #caller: AbortSignal | undefined;
  readonly #others: object;
  readonly #clock: Clock;
  readonly #root: DialStep;
  /** Made on first use. */
  #controller: AbortController | undefined;
  #untilOver: AbortController | undefined;
  readonly #holdings = new Holdings();
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
    super();
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
  }

  protected get life(): DialLife {
    return this;
  }

  protected get at(): DialStep {
    return this.#root;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isOver && this.#outcome !== "ok") this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Aborts when the dial ends, by success or failure. */
  get untilOver(): AbortSignal {
    if (this.#untilOver === undefined) {
      this.#untilOver = new AbortController();
      if (this.#isOver) this.#untilOver.abort(this.#reason);
    }
    return this.#untilOver.signal;
  }

  /**
   * Calls back when the dial ends, by success or failure; cheaper than a signal. Returns the
   * function that undoes this.
   */
  whenOver(callback: (reason: unknown) => void): () => void {
    return this.#holdings.addEnding(callback);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get clock(): Clock {
    return this.#clock;
  }

  /** Sets the network and address in the errors of this dial, in place of the requested ones. */
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

  /** Adds a connection that this dial has made: it is reset unless it is returned. */
  obtained(conn: OwnConn): void {
    if (this.#isOver) conn.reset();
    else this.#holdings.addConn(conn);
  }

  keep(conn: Conn): void {
    this.#holdings.keep(conn);
  }

  /** Makes the error of this dial with the report of a step. */
  makeError(step: DialStep, failure: Failure): DialError {
    const { network = this.#endpoint.network, address = this.#endpoint.address } = failure;
    return new DialError({ ...failure, network, address, report: step });
  }

  /** Dials through another dialer that reports all of its steps: they become this dial's own. */
  pass(dialer: ContextDialer, change?: ThroughChange): Promise<Conn> {
    return this.dialWithin(this.#root, dialer, change, new StepLink(this.#root, this.#root));
  }

  /** Dials through another dialer, within a step. */
  dialWithin(
    parent: DialStep,
    dialer: ContextDialer,
    given?: ThroughChange,
    link: StepLink = new StepLink(parent),
  ): Promise<Conn> {
    let change: ThroughChange;
    try {
      change = readThroughChange(given);
    } catch (error) {
      return handled(Promise.reject(error));
    }
    const { network = this.network, address = this.address } = change;
    const [signal, onEvent] = [change.signal ?? undefined, change.onEvent ?? undefined];
    const isSame = network === this.network && address === this.address;
    const remoteMultiaddr = change.remoteMultiaddr ?? (isSame ? this.remoteMultiaddr : undefined);
    const dial = new ChildDial(link, signal);
    const options = {
      ...((isSame || change.remoteMultiaddr !== undefined) && this.#others),
      signal: dial.signal,
      onEvent: onEvent === undefined ? link.listener : link.listenerBeside(onEvent),
      ...(remoteMultiaddr !== undefined && { remoteMultiaddr }),
    };
    const conn = new Promise<Conn>((resolve, reject) => {
      if (this.#isOver) throw this.#reason;
      if (signal?.aborted) throw signal.reason;
      requireDialer(dialer, "dial through");
      this.#holdings.addDial(dial);
      dial.start({
        dial: () => dialer.dialContext(network, address, options),
        begun: { type: "dial-start", network, address },
        answered: (answer) => requireConn(answer, network, address),
        connected: resolve,
        failed: (thrown) => {
          this.#holdings.removeDial(dial);
          const error = errorOf(thrown, network, address, this.#root);
          if (parent === this.#root) this.#errors.push(error);
          return error;
        },
        rejected: reject,
      });
    });
    return handled(conn);
  }

  /** Runs a step within another. */
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
    // A scope may be used after the end of its step.
    const step = (parent.isOpen ? parent : this.#root).start(start);
    try {
      const result = await this.#orOver(() => run(new StepScope(this, step)));
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

  /** The result of `run`, unless the dial ends before. */
  #orOver<T>(run: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      // A listener may abort at any event, also at the start of the step.
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
      conn = requireConn(answer, this.network, this.address);
    } catch (error) {
      discardConn(answer);
      return this.#fail(error);
    }
    this.#holdings.handOver(conn);
    conn.setReport(this.#root);
    this.#finish("ok", undefined, notNeeded);
    this.#resolve(conn);
  }

  #fail(thrown: unknown): void {
    if (this.#isOver) return;
    // The cause is the failure of an inner dial.
    const inner = errorOf(thrown, this.network, this.address, this.#root);
    const error = withReport(inner, this.#root);
    this.#finish("failed", dialFailure(error), error);
    this.#reject(error);
  }

  #expire(ms: number): void {
    const { phase, waiting, hop, blame, via } = this.#root.pending();
    const limit = new DOMException(`timed out after ${ms} ms`, "TimeoutError");
    // In a chain the reason begins with the proxy concerned.
    const where = hop === undefined || hop === via ? "" : `${hop}: `;
    const reason = `${where}${limit.message} ${waiting}`;
    const errors = this.#errors.length > 0 ? { errors: [...this.#errors] } : {};
    const failure = { code: "ETIMEDOUT", phase, reason, via, hop, blame, cause: limit } as const;
    const error = this.makeError(this.#root, { ...failure, ...errors });
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

  /** Releases all resources of the dial, and ends every open step. */
  #finish(outcome: DialOutcome, failure: DialFailure | undefined, reason: unknown): void {
    this.#isOver = true;
    this.#outcome = outcome;
    this.#reason = reason;
    this.#unlink();
    this.#clearTimer();
    this.#root.end(outcome, failure);
    if (outcome !== "ok") this.#controller?.abort(reason);
    this.#untilOver?.abort(reason);
    this.#holdings.release(reason);
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
