import type { DialEvent, StepPoint, StepStart } from "../core/dial_event.ts";
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

/** Receives the events of a dial. */
export type DialListener = (event: DialEvent) => void;

/** The shared state of all steps of one tree: the listener and the time. */
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

/** The steps by their start events, for a dialer that forwards the events of another one. */
const steps = new WeakMap<object, DialStep>();

/** What a step has besides its beginning and its end. */
interface StepDetails {
  error?: DialFailure | undefined;
  /** The fields of the event of its end. */
  end?: object | undefined;
  pending?: ((inner: PendingStep | undefined) => PendingStep) | undefined;
  /** The step of another dialer that this one mirrors. */
  original?: DialStep;
  /** The report of a dialer that reported no events. */
  told?: ReportSource | undefined;
  /** The report, once it was read. */
  report?: DialReport;
}

const noDetails: StepDetails = Object.create(null);

/**
 * One step of a dial. It reports its start and its end to the listener, and becomes a
 * {@linkcode DialReport}. Without a listener it costs one object; the report is built when it is
 * read.
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
  #children: DialStep[] | undefined;
  /** What most steps do not have; a node of libp2p keeps thousands of them. */
  #more: StepDetails | undefined;

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

  get #details(): StepDetails {
    return this.#more ??= {};
  }

  /** @internal What was given to `describePending`. */
  get pendingDescription(): StepDetails["pending"] {
    return this.#more?.pending;
  }

  /** Whether the step has not ended. */
  get isOpen(): boolean {
    return this.#outcome === "pending";
  }

  /** Begins a step within this one. After the end of a dial, no events are reported. */
  start(start: StepStart): DialStep {
    if (this.isOpen) return DialStep.begin(this.trace, this, start, this.trace.elapsedMs());
    return DialStep.begin(new DialTrace(undefined, this.trace.now), undefined, start, 0);
  }

  /** Records a step without duration. */
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
    // A literal, because an array grown by `push` reserves memory for many elements.
    if (this.#children === undefined) this.#children = [step];
    else this.#children.push(step);
    return step;
  }

  /**
   * Ends the step, after the open steps within it, which are lost if it succeeded. A step that has
   * ended already is left alone, so that cleanup may end every open step.
   *
   * @param outcome How it ended.
   * @param error Why, unless it succeeded.
   * @param end More properties of the end event.
   */
  end(outcome: DialOutcome, error?: DialFailure, end?: object): void {
    this.endAt(undefined, outcome, error, end);
  }

  /** @internal */
  endAt(atMs: number | undefined, outcome: DialOutcome, error?: DialFailure, end?: object): void {
    if (!this.isOpen) return;
    // Set first, because a listener may end the dial during the events of the inner steps.
    this.#outcome = outcome;
    // The callback may retain much memory.
    if (this.#more !== undefined) this.#more.pending = undefined;
    this.endWithin(outcome === "ok" ? "lost" : outcome, error, atMs);
    this.#endMs = atMs ?? this.trace.elapsedMs();
    const details = endOf(this.#start, end);
    if (error !== undefined || details !== undefined) {
      this.#details.error = error;
      this.#details.end = details;
    }
    if (this.trace.onEvent === undefined) return;
    this.#emit(this.#endMs, {
      type: `${kindOf(this.#start)}-end`,
      ...details,
      ...(error !== undefined && { error }),
      ...(outcome === "lost" && { lost: true }),
    });
  }

  /** Ends the open steps within this one. */
  endWithin(outcome: DialOutcome, error?: DialFailure, atMs?: number): void {
    if (this.#children === undefined) return;
    for (const child of this.#children) child.endAt(atMs, outcome, error);
  }

  /**
   * Describes the pending step while this step is open, given the description of the steps within
   * it.
   */
  describePending(describe: (inner: PendingStep | undefined) => PendingStep): void {
    this.#details.pending = describe;
  }

  /** The pending step of the dial, by its innermost open step. */
  pending(): PendingStep {
    let child: DialStep | undefined;
    for (const each of this.#children ?? []) if (each.isOpen) child = each;
    const inner = child?.pending();
    const describe = this.#more?.pending ?? this.#more?.original?.pendingDescription;
    const at = describe?.(inner) ?? inner ?? pendingOf(this.#start);
    const via = "via" in this.#start ? this.#start.via : at.via;
    return via === undefined ? at : { ...at, via };
  }

  /** @internal Attaches the report of a dialer that reported no events, once it has answered. */
  attach(report: ReportSource): void {
    this.#details.told = report;
  }

  /**
   * @internal Attaches the step of an event, if it is one of this package: it has more details than
   * the event.
   */
  takeOriginal(event: DialEvent): void {
    const original = steps.get(event);
    if (original !== undefined) this.#details.original = original;
  }

  /** @internal Replaces the start of this step by the dialer's own start event. */
  claim(start: StepStart): void {
    this.#start = shownStart(start);
  }

  /** The current tree; always the same object once the step has ended. */
  report(): DialReport {
    if (this.#more?.report !== undefined) return this.#more.report;
    const report = this.#makeReport();
    if (!this.isOpen) this.#details.report = report;
    return report;
  }

  #makeReport(): DialReport {
    const { told, end, error } = this.#more ?? noDetails;
    if (told !== undefined) {
      try {
        const report = readReport(told);
        if (Array.isArray(report.children)) return shifted(report, this.#startMs);
      } catch {
        // A connection that was not dialed has no report.
      }
      this.#details.told = undefined;
    }
    const outcome = this.#outcome === "pending" ? "aborted" : this.#outcome;
    const endMs = this.isOpen ? this.trace.elapsedMs() : this.#endMs;
    const detail = detailOf(this.#start, end);
    return {
      kind: kindOf(this.#start),
      label: labelOf(this.#start),
      startMs: this.#startMs,
      durationMs: endMs - this.#startMs,
      outcome,
      ...(error && { error }),
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
      // As in diagnostics_channel: an error of the listener becomes an uncaught exception and does
      // not affect the dial.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

/** An address that cannot be dialed may contain a password. */
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
