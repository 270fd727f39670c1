import type { Conn } from "../core/conn.ts";
import { dialFailure } from "../core/dial_error.ts";
import type { DialEvent } from "../core/dial_event.ts";
import type { DialFailure, DialOutcome, DialReport } from "../core/dial_report.ts";
import type { DialTrace, TraceNode } from "../core/dial_trace.ts";

/** The dials within a dial, whoever wrote their dialer: their events and reports become steps of this one. */
export class NestedDials {
  readonly #trace: DialTrace;
  readonly #ongoing = new Set<NestedDial>();

  /** @param trace The trace of the dial. */
  constructor(trace: DialTrace) {
    this.#trace = trace;
  }

  /**
   * Begins a dial within the step `parent`.
   *
   * @param label What is dialed, should the dial have no report to say so.
   */
  begin(parent: TraceNode, label: string): NestedDial {
    const over = () => void this.#ongoing.delete(nested);
    const nested = new NestedDial(this.#trace, parent, label, over);
    this.#ongoing.add(nested);
    return nested;
  }

  /** Gives up whatever is still going on. To be called before the end of the dial itself. */
  end(): void {
    for (const nested of this.#ongoing) nested.givenUp();
  }
}

const aborted: DialFailure = { code: "ABORT_ERR", message: "aborted by the caller" };

/** One dial within another. */
export class NestedDial {
  readonly #trace: DialTrace;
  readonly #parent: TraceNode;
  readonly #label: string;
  readonly #startMs: number;
  readonly #over: () => void;
  /** What to pass on as `onEvent`, if anybody listens. */
  readonly listener: ((event: DialEvent) => void) | undefined;

  constructor(trace: DialTrace, parent: TraceNode, label: string, over: () => void) {
    this.#trace = trace;
    this.#parent = parent;
    this.#label = label;
    this.#over = over;
    this.listener = trace.nestedListener(parent);
    this.#startMs = trace.elapsedMs();
  }

  /** The dial gave a connection, whose report is put under the parent when somebody reads that. */
  succeeded(conn: Conn): void {
    this.#adopt(() => reportOf(conn) ?? this.#bareReport("ok", 0));
  }

  /** The dial failed. */
  failed(thrown: unknown): void {
    this.#adopt(() => reportOf(thrown) ?? this.#bareReport("failed", 0, dialFailure(thrown)));
  }

  /** The dial is given up, and tells of itself too late. */
  givenUp(): void {
    const durationMs = this.#trace.elapsedMs() - this.#startMs;
    this.#adopt(() => this.#bareReport("aborted", durationMs, aborted));
  }

  #adopt(report: () => DialReport): void {
    this.#over();
    this.#trace.adopt(this.#parent, { report }, this.#startMs);
  }

  #bareReport(outcome: DialOutcome, durationMs: number, error?: DialFailure): DialReport {
    const report = { kind: "dial", label: this.#label, startMs: 0, durationMs, outcome };
    return { ...report, ...(error !== undefined && { error }), children: [] };
  }
}

function reportOf(from: unknown): DialReport | undefined {
  try {
    const { report } = from as { report?: DialReport };
    return Array.isArray(report?.children) ? report : undefined;
  } catch {
    // Not an object at all, or a connection that was not dialed.
    return undefined;
  }
}
