import type { DialEvent } from "../core/dial_event.ts";
import {
  type DialFailure,
  type DialOutcome,
  type DialReport,
  readReport,
  type ReportSource,
} from "../core/dial_report.ts";
import type { Network } from "../core/addr.ts";
import { shownAddress, shownNetwork } from "../core/redact.ts";
import { detailOf, endOf, kindOf, labelOf, pendingOf, type PendingStep } from "./step_kinds.ts";
import type { StepPoint, StepStart } from "../core/dial_event.ts";

/** Takes the events of a dial. */
export type DialListener = (event: DialEvent) => void;

/** What all steps of one tree share: who listens, and the time. */
export class DialTrace {
  readonly onEvent: DialListener | undefined;
  readonly now: () => number;
  readonly originMs: number;
  lastId = 0;

  constructor(onEvent: DialListener | undefined, now: () => number) {
    this.onEvent = onEvent;
    this.now = now;
    this.originMs = now();
  }

  elapsedMs(): number {
    return this.now() - this.originMs;
  }
}

/**
 * The steps behind the events of their beginning, for a dialer that passes the events of another
 * one on.
 */
const steps = new WeakMap<object, DialStep>();

/**
 * One step of a dial. It tells the listener of its beginning and its end, and amounts to a
 * {@linkcode DialReport}; with nobody listening it costs an object, and the report is put together
 * when it is read.
 */
export class DialStep implements ReportSource {
  /** @internal */
  readonly trace: DialTrace;
  readonly #parent: DialStep | undefined;
  readonly #id: number;
  #start: StepStart | StepPoint;
  readonly #startMs: number;
  #endMs = 0;
  #outcome: DialOutcome | "pending" = "pending";
  #error: DialFailure | undefined;
  #end: object | undefined;
  #children: DialStep[] | undefined;
  #pending: ((inner: PendingStep | undefined) => PendingStep) | undefined;
  /** The step that this one was told of by. */
  #original: DialStep | undefined;
  /** The report of a dialer that told nothing while it dialed. */
  #told: ReportSource | undefined;
  /** The report, once it was read. */
  #report: DialReport | undefined;

  /** @internal */
  constructor(
    trace: DialTrace,
    parent: DialStep | undefined,
    start: StepStart | StepPoint,
    startMs: number,
  ) {
    this.trace = trace;
    this.#parent = parent;
    this.#id = ++trace.lastId;
    this.#start = start;
    this.#startMs = startMs;
  }

  /** Whether the step has not ended. */
  get isOpen(): boolean {
    return this.#outcome === "pending";
  }

  /** Begins a step within this one. Of what a dial does after its end nobody hears. */
  start(start: StepStart): DialStep {
    if (this.isOpen) return DialStep.begin(this.trace, this, start, this.trace.elapsedMs());
    return DialStep.begin(new DialTrace(undefined, this.trace.now), undefined, start, 0);
  }

  /** Takes note of a step without duration. */
  note(point: StepPoint, atMs: number = this.trace.elapsedMs()): void {
    if (!this.isOpen) return;
    const step = this.#child(point, atMs);
    step.#endMs = atMs;
    step.#outcome = "ok";
    step.#emit(atMs, point);
  }

  /** @internal Begins a step at a certain time. */
  static begin(
    trace: DialTrace,
    parent: DialStep | undefined,
    given: StepStart,
    startMs: number,
  ): DialStep {
    const start = shownStart(given);
    const step = parent === undefined
      ? new DialStep(trace, undefined, start, startMs)
      : parent.#child(start, startMs);
    step.#emit(startMs, start);
    return step;
  }

  #child(start: StepStart | StepPoint, startMs: number): DialStep {
    const step = new DialStep(this.trace, this, start, startMs);
    // A list that is pushed to has room for many more.
    if (this.#children === undefined) this.#children = [step];
    else this.#children.push(step);
    return step;
  }

  /**
   * Ends the step, and before it those within it that are still open: they are lost where it went
   * well. One that ended before is left alone, so that clearing up may end whatever is still open.
   *
   * @param outcome How it ended.
   * @param error Why, where it did not go well.
   * @param end What else the event says.
   */
  end(outcome: DialOutcome, error?: DialFailure, end?: object): void {
    this.endAt(undefined, outcome, error, end);
  }

  /** @internal */
  endAt(atMs: number | undefined, outcome: DialOutcome, error?: DialFailure, end?: object): void {
    if (!this.isOpen) return;
    // First, since a listener may bring the dial to its end while it hears of the steps within.
    this.#outcome = outcome;
    // It may hold on to much.
    this.#pending = undefined;
    this.endWithin(outcome === "ok" ? "lost" : outcome, error, atMs);
    this.#endMs = atMs ?? this.trace.elapsedMs();
    this.#error = error;
    this.#end = endOf(this.#start, end);
    if (this.trace.onEvent === undefined) return;
    this.#emit(this.#endMs, {
      type: `${kindOf(this.#start)}-end`,
      ...this.#end,
      ...(error !== undefined && { error }),
      ...(outcome === "lost" && { lost: true }),
    });
  }

  /** Ends the steps within this one that are still open. */
  endWithin(outcome: DialOutcome, error?: DialFailure, atMs?: number): void {
    if (this.#children === undefined) return;
    for (const child of this.#children) child.endAt(atMs, outcome, error);
  }

  /** Says what the dial waits for while this step is open, given what the steps within it say. */
  describePending(describe: (inner: PendingStep | undefined) => PendingStep): void {
    this.#pending = describe;
  }

  /** What the dial is waiting for, by its innermost open step. */
  pending(): PendingStep {
    let child: DialStep | undefined;
    for (const each of this.#children ?? []) if (each.isOpen) child = each;
    const inner = child?.pending();
    const describe = this.#pending ?? (this.#original && this.#original.#pending);
    const at = describe?.(inner) ?? inner ?? pendingOf(this.#start);
    const via = "via" in this.#start ? this.#start.via : at.via;
    return via === undefined ? at : { ...at, via };
  }

  /** @internal Takes the report of a dialer that told nothing, once it has answered. */
  attach(report: ReportSource): void {
    this.#told = report;
  }

  /**
   * @internal Takes the step that an event is of, where it is one of this package's: it knows more
   * than the event tells.
   */
  takeOriginal(event: DialEvent): void {
    this.#original = steps.get(event);
  }

  /** @internal Takes what a dialer says of itself, for which the step was begun. */
  claim(start: StepStart): void {
    this.#start = shownStart(start);
  }

  /** The tree as it is now; always the same object once the step has ended. */
  report(): DialReport {
    if (this.#report !== undefined) return this.#report;
    const report = this.#makeReport();
    if (!this.isOpen) this.#report = report;
    return report;
  }

  #makeReport(): DialReport {
    if (this.#told !== undefined) {
      try {
        const report = readReport(this.#told);
        if (Array.isArray(report.children)) return shifted(report, this.#startMs);
      } catch {
        // A connection that was not dialed has none.
      }
      this.#told = undefined;
    }
    const outcome = this.#outcome === "pending" ? "aborted" : this.#outcome;
    const endMs = this.isOpen ? this.trace.elapsedMs() : this.#endMs;
    const detail = detailOf(this.#start, this.#end);
    return {
      kind: kindOf(this.#start),
      label: labelOf(this.#start),
      startMs: this.#startMs,
      durationMs: endMs - this.#startMs,
      outcome,
      ...(this.#error && { error: this.#error }),
      ...(detail !== undefined && { detail }),
      children: (this.#children ?? []).map((child) => child.report()),
    };
  }

  #emit(atMs: number, body: { readonly type: string }): void {
    const { onEvent } = this.trace;
    if (onEvent === undefined) return;
    const parent = this.#parent;
    const ids = parent === undefined ? { id: this.#id } : { id: this.#id, parent: parent.#id };
    const event = { ...ids, atMs, ...body } as DialEvent;
    if (this.isOpen) steps.set(event, this);
    try {
      onEvent(event);
    } catch (error) {
      // As diagnostics_channel does: the listener's bug is the process's to hear of, not the
      // dial's.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

/** An address that cannot be dialed may have a password in it. */
function shownStart(start: StepStart): StepStart {
  if (start.type !== "dial-start") return start;
  const network = shownNetwork(start.network) as Network;
  const address = shownAddress(start.network, start.address);
  const isShown = network === start.network && address === start.address;
  return isShown ? start : { ...start, network, address };
}

function shifted(report: DialReport, offsetMs: number): DialReport {
  return {
    ...report,
    startMs: report.startMs + offsetMs,
    children: report.children.map((child) => shifted(child, offsetMs)),
  };
}
