import type { Conn } from "../core/conn.ts";
import { dialFailure } from "../core/dial_error.ts";
import type { DialEvent } from "../core/dial_event.ts";
import type { DialFailure, DialOutcome, DialReport } from "../core/dial_report.ts";
import type { DialTrace, TraceNode } from "../core/dial_trace.ts";

/**
 * The dials within a dial, whoever wrote their dialer: their events and reports become steps of this one.
 *
 * One that is slow to hear of an abort may tell of its end when this dial is over; its steps are ended for it, and what it
 * tells after that is dropped.
 */
export class NestedEvents {
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

  /** Ends whatever is still going on. To be called before the end of the dial itself. */
  end(): void {
    for (const nested of this.#ongoing) nested.cut();
  }
}

type Kind = "attempt" | "dial" | "handshake" | "lookup";

const aborted: DialFailure = { code: "ABORT_ERR", message: "aborted by the caller" };

/** One dial within another. */
export class NestedDial {
  readonly #trace: DialTrace;
  readonly #parent: TraceNode;
  readonly #label: string;
  readonly #startMs: number;
  readonly #over: () => void;
  /** The kinds of the steps that have begun and not ended, by their ids. */
  readonly #open = new Map<number, Kind>();
  #ended = false;
  /** What to pass on as `onEvent`, if anybody listens. */
  readonly listener: ((event: DialEvent) => void) | undefined;

  constructor(trace: DialTrace, parent: TraceNode, label: string, over: () => void) {
    this.#trace = trace;
    this.#parent = parent;
    this.#label = label;
    this.#startMs = trace.elapsedMs();
    this.#over = over;
    const tell = trace.nestedListener(parent);
    if (tell === undefined) return;
    this.listener = (event) => {
      if (this.#ended) return;
      const [, kind, edge] = /^(.*)-(start|end)$/.exec(event.type) ?? [];
      if (edge === "start") this.#open.set(event.id, kind as Kind);
      else if (edge === "end") this.#open.delete(event.id);
      tell(event);
    };
  }

  /** The dial gave a connection, whose report is put under the parent when somebody reads that. */
  succeeded(conn: Conn): void {
    this.#end(() => reportOf(conn) ?? this.#bareReport("ok"));
  }

  /** The dial failed. */
  failed(thrown: unknown): void {
    this.#end(() => reportOf(thrown) ?? this.#bareReport("failed", dialFailure(thrown)));
  }

  /** The dial is given up. */
  cut(): void {
    const durationMs = this.#trace.elapsedMs() - this.#startMs;
    // Those within others began later.
    for (const [id, kind] of [...this.#open].reverse()) {
      const addresses = kind === "lookup" ? { addresses: [] } : {};
      const event = { id, atMs: durationMs, type: `${kind}-end`, error: aborted, ...addresses };
      this.listener?.(event as DialEvent);
    }
    this.#end(() => ({ ...this.#bareReport("aborted", aborted), durationMs }));
  }

  #end(report: () => DialReport): void {
    this.#ended = true;
    this.#over();
    this.#parent.children.push({
      get report() {
        return report();
      },
      offsetMs: this.#startMs,
    });
  }

  #bareReport(outcome: DialOutcome, error?: DialFailure): DialReport {
    const label = this.#label;
    const none = { startMs: 0, durationMs: 0, children: [] };
    return { kind: "dial", label, outcome, ...none, ...(error !== undefined && { error }) };
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
