import type { DialEvent } from "../core/dial_event.ts";
import {
  aborted,
  type DialFailure,
  type DialOutcome,
  type DialReport,
  type ReportSource,
} from "../core/dial_report.ts";
import { type DialListener, DialStep, DialTrace } from "./dial_step.ts";
import type { StepPoint, StepStart } from "../core/dial_event.ts";

/** The links behind the listeners that dials within a dial are given. */
const links = new WeakMap<DialListener, StepLink>();

/**
 * Begins the steps of one call of `dialContext`.
 *
 * A dial within another becomes part of that one's tree: with this package's dialers by way of the
 * listener that it was given, with others by the events that they tell it.
 *
 * @param onEvent The listener of the dial.
 * @param now The time in milliseconds, by a monotonic clock.
 * @param start How the dial begins.
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
  // Whoever dials with the listener of a dial that is over is not heard.
  const trace = new DialTrace(link === undefined ? onEvent : undefined, now);
  return DialStep.begin(trace, undefined, start, trace.elapsedMs());
}

/**
 * Records a dial from outside, for what a dial that is given up does not tell: it rejects with the
 * reason of its signal.
 *
 * @returns The listener to dial with; and the report of what was told up to now, of a dial that has
 *   not begun one of its label alone.
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

/** What connects a dial within a dial to the step that it is made in. */
export class StepLink {
  readonly #trace: DialTrace;
  readonly #parent: DialStep | undefined;
  readonly #offsetMs: number;
  /** The steps that were told of by events, by the ids that these have. */
  #steps: Map<number, DialStep> | undefined;
  #told = false;
  /** What to dial with: as `onEvent`. */
  readonly listener: DialListener;
  /** The dial itself, once it has begun. */
  dial: DialStep | undefined;

  /**
   * @param parent The step that the dial is made in, if it is made in one.
   * @param dial The step that stands for the dial already: that step itself.
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

  /** A listener that tells another one of the events as well, and first. */
  listenerBeside(other: DialListener): DialListener {
    return (event) => {
      try {
        other(event);
      } finally {
        this.#tell(event);
      }
    };
  }

  /** Begins a step of the dial; `undefined` once the step that it is made in is over. */
  begin(start: StepStart): DialStep | undefined {
    return this.#begin(this.#parent, start, this.#trace.elapsedMs());
  }

  /** Begins the dial, unless its dialer has done so already. */
  expect(start: StepStart): void {
    if (!this.#told && this.#parent!.isOpen) this.dial ??= this.#parent!.start(start);
  }

  /**
   * The dial gave a connection, or failed.
   *
   * @param report The report, for where its dialer told nothing.
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
   * Takes an event of a dialer that numbers its own steps. One that is slow to hear of an abort may
   * tell of its end when the dial is over: its steps have ended with that, and what it tells
   * afterwards is dropped.
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
