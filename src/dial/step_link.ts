import type { DialEvent, StepPoint, StepStart } from "../core/dial_event.ts";
import {
  aborted,
  type DialFailure,
  type DialOutcome,
  type DialReport,
  type ReportSource,
} from "../core/dial_report.ts";
import { type DialListener, DialStep, DialTrace } from "./dial_step.ts";

/** The links by the listeners that inner dials receive. */
const links = new WeakMap<DialListener, StepLink>();

/**
 * Begins the steps of one call of `dialContext`.
 *
 * An inner dial becomes part of the outer dial's tree: for dialers of this package by the listener
 * that they receive, for others by the events that they report.
 *
 * @param onEvent The listener of the dial.
 * @param now The time in milliseconds, by a monotonic clock.
 * @param start The start event of the dial.
 * @returns The dial's own step.
 */
export function beginDial(
  onEvent: DialListener | undefined,
  now: () => number,
  start: StepStart,
): DialStep {
  const link = onEvent && links.get(onEvent);
  const joined = link?.begin(start);
  if (joined !== undefined) return joined;
  // With the listener of a dial that has ended, no events are reported.
  const trace = new DialTrace(link === undefined ? onEvent : undefined, now);
  return DialStep.begin(trace, undefined, start, trace.elapsedMs());
}

/**
 * Records a dial from outside, for the report of an aborted dial, which rejects with the reason of
 * its signal and has no report.
 *
 * @returns The listener to dial with, and the report of the events so far. Before the first event,
 * the report has a label only.
 */
export function recordDial(): {
  readonly onEvent: DialListener;
  readonly report: (label: string) => DialReport;
} {
  const link = new StepLink(undefined);
  return {
    onEvent: link.listener,
    report: (label) => link.dial?.report() ?? notBegun(label),
  };
}

function notBegun(label: string): DialReport {
  const times = { startMs: 0, durationMs: 0, children: [] };
  return { kind: "dial", label, outcome: "aborted", error: aborted, ...times };
}

/** Connects an inner dial to the step in which it runs. */
export class StepLink {
  readonly #trace: DialTrace;
  readonly #parent: DialStep | undefined;
  readonly #offsetMs: number;
  /** The steps made from events, by the ids of the events. */
  #steps: Map<number, DialStep> | undefined;
  #told = false;
  /** The listener for the inner dial's `onEvent`. */
  readonly listener: DialListener;
  /** The dial itself, once it has begun. */
  dial: DialStep | undefined;

  /**
   * @param parent The step in which the dial runs, if any.
   * @param dial An existing step for the dial.
   */
  constructor(parent: DialStep | undefined, dial?: DialStep) {
    const trace = parent?.trace ?? new DialTrace(undefined, () => performance.now());
    this.#trace = trace;
    this.#parent = parent;
    this.dial = dial;
    this.#offsetMs = parent === undefined ? 0 : trace.elapsedMs();
    this.listener = (event) => this.#tell(event);
    links.set(this.listener, this);
  }

  /** A listener that first calls another one with each event. */
  listenerBeside(other: DialListener): DialListener {
    return (event) => {
      try {
        other(event);
      } finally {
        this.#tell(event);
      }
    };
  }

  /** Begins a step of the dial; `undefined` once the parent step has ended. */
  begin(start: StepStart): DialStep | undefined {
    return this.#begin(this.#parent, start, this.#trace.elapsedMs());
  }

  /** Begins the dial, unless its dialer has done so already. */
  expect(start: StepStart): void {
    if (!this.#told && this.#parent!.isOpen) this.dial ??= this.#parent!.start(start);
  }

  /**
   * Ends the dial with a connection or a failure.
   *
   * @param report The report, for a dialer that reported no events.
   */
  settle(outcome: DialOutcome, failure?: DialFailure, report?: ReportSource): void {
    if (!this.#told && report !== undefined) this.dial?.attach(report);
    this.dial?.end(outcome, failure);
  }

  #begin(parent: DialStep | undefined, start: StepStart, startMs: number): DialStep | undefined {
    if (parent?.isOpen === false) return undefined;
    const isDial = start.type === "dial-start" && parent === this.#parent;
    const expected = isDial && !this.#told && this.dial?.isOpen ? this.dial : undefined;
    this.#told = true;
    expected?.claim(start);
    const step = expected ?? DialStep.begin(this.#trace, parent, start, startMs);
    if (isDial) this.dial ??= step;
    return step;
  }

  /**
   * Handles an event of a dialer that numbers its own steps. A dialer slow to notice an abort may
   * report after the end of the dial: its steps have ended with the dial, and later events are
   * dropped.
   */
  #tell(event: DialEvent): void {
    const { id, parent, atMs, ...body } = event;
    const at = atMs + this.#offsetMs;
    const within = this.#steps?.get(parent ?? -1) ?? this.#parent;
    if (body.type.endsWith("-start")) {
      const step = this.#begin(within, body as StepStart, at);
      step?.takeOriginal(event);
      if (step !== undefined) (this.#steps ??= new Map()).set(id, step);
    } else if (body.type.endsWith("-end")) {
      const { type: _type, error, lost, ...end } = body as {
        type: string;
        error?: DialFailure;
        lost?: boolean;
      };
      this.#steps?.get(id)?.endAt(at, lost ? "lost" : outcomeOf(error), error, end);
    } else {
      within?.note(body as StepPoint, at);
    }
  }
}

function outcomeOf(error: DialFailure | undefined): DialOutcome {
  if (error === undefined) return "ok";
  return error.code === "ABORT_ERR" ? "aborted" : "failed";
}
