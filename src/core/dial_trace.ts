import type { DialEvent, DialEventBody } from "./dial_event.ts";
import {
  type DialFailure,
  type DialOutcome,
  type DialReport,
  readReport,
  type ReportSource,
} from "./dial_report.ts";

/** One step of a dial, as {@linkcode DialTrace} records it. */
export interface TraceNode {
  readonly id: number;
  readonly parentId: number | undefined;
  readonly kind: string;
  readonly label: string;
  readonly startMs: number;
  endMs: number;
  outcome: DialOutcome | "pending";
  error?: DialFailure;
  detail?: string;
  /** Steps recorded here, and reports of nested dialers that were adopted, with the time at which they began. */
  children?: (TraceNode | { report: DialReport | ReportSource; offsetMs: number })[];
  /** End what nested dialers have told of and not ended. */
  nested?: ((outcome: DialOutcome, error?: DialFailure) => void)[];
}

/** The events that begin a step, and the kind of step that each begins. */
const kinds = {
  "attempt-start": "attempt",
  "dial-start": "dial",
  "handshake-start": "handshake",
  "lookup-start": "lookup",
} as const;

type StartType = keyof typeof kinds;

/**
 * Records one call of `dialContext`: tells the listener each step, and amounts to the {@linkcode DialReport}.
 *
 * A dialer makes one trace for each dial. A dialer that wraps another passes `nestedListener()` on as the inner `onEvent`
 * and adopts the inner report, so that ids stay unique and times count from the outermost start.
 *
 * With nobody listening a step costs an object, and the report is only put together when it is read.
 */
export class DialTrace {
  readonly #onEvent: ((event: DialEvent) => void) | undefined;
  readonly #now: () => number;
  readonly #origin: number;
  #lastId = 0;
  #root: TraceNode | undefined;

  constructor(
    onEvent: ((event: DialEvent) => void) | undefined,
    now: () => number = () => performance.now(),
  ) {
    // Else each event would be an uncaught exception.
    if (onEvent && typeof onEvent !== "function") {
      throw new TypeError(`onEvent must be a function, not ${String(onEvent)}`);
    }
    this.#onEvent = onEvent;
    this.#now = now;
    this.#origin = now();
  }

  /** Begins a step; the first one is the root. `kind` is the event's type without `-start`. */
  start(
    parent: TraceNode | undefined,
    label: string,
    event: DialEventBody & { type: StartType },
  ): TraceNode {
    const node: TraceNode = {
      id: ++this.#lastId,
      parentId: parent?.id,
      kind: kinds[event.type],
      label,
      startMs: this.#now() - this.#origin,
      endMs: 0,
      outcome: "pending",
    };
    if (parent === undefined) this.#root = node;
    else (parent.children ??= []).push(node);
    if (this.#onEvent !== undefined) {
      this.#emit({ ...idsOf(node), atMs: node.startMs, ...event });
    }
    return node;
  }

  /**
   * Ends a step, and before it those within it that are still open: they are lost where it went well. One that ended before
   * is left alone, so that clearing up may end whatever is still open.
   */
  end(
    node: TraceNode,
    outcome: DialOutcome,
    error?: DialFailure,
    extra?: { addresses?: readonly string[] },
  ): void {
    if (node.outcome !== "pending") return;
    // First, since a listener may bring the dial to its end while it hears of the steps within.
    node.outcome = outcome;
    const within = outcome === "ok" ? "lost" : outcome;
    for (const child of node.children ?? []) {
      if ("id" in child) this.end(child, within, error);
    }
    if (node.nested !== undefined) { for (const end of node.nested) end(within, error); }
    node.endMs = this.elapsedMs();
    if (error !== undefined) node.error = error;
    if (extra?.addresses !== undefined && extra.addresses.length > 0) {
      node.detail = extra.addresses.join(", ");
    }
    if (this.#onEvent === undefined) return;
    this.#emitEnd(node, node.endMs, outcome, error, extra?.addresses);
  }

  /**
   * The listener for a dialer within this one, whose events become steps of `parent`. One that is slow to hear of an abort may
   * tell of its end when `parent` is over: its steps end with that, and what it tells afterwards is dropped.
   */
  nestedListener(parent: TraceNode): ((event: DialEvent) => void) | undefined {
    if (this.#onEvent === undefined) return undefined;
    const offsetMs = this.#now() - this.#origin;
    const ids = new Map<number, number>();
    const open = new Map<number, Step>();
    (parent.nested ??= []).push((outcome, error) => {
      const atMs = this.elapsedMs();
      for (const step of [...open.values()].reverse()) this.#emitEnd(step, atMs, outcome, error);
      open.clear();
    });
    return (event) => {
      if (parent.outcome !== "pending") return;
      let id = ids.get(event.id);
      if (id === undefined) ids.set(event.id, id = ++this.#lastId);
      const parentId = ids.get(event.parent ?? -1) ?? parent.id;
      if (event.type in kinds) open.set(id, { id, parentId, kind: kinds[event.type as StartType] });
      else open.delete(id);
      this.#emit({ ...event, id, parent: parentId, atMs: event.atMs + offsetMs });
    };
  }

  /** Puts the report of a dialer within this one, which began at `startMs`, under `parent`. */
  adopt(parent: TraceNode, report: DialReport | ReportSource, startMs: number): void {
    (parent.children ??= []).push({ report, offsetMs: startMs });
  }

  /** Milliseconds since this dial began. */
  elapsedMs(): number {
    return this.#now() - this.#origin;
  }

  /** The tree as it is now. */
  report(node: TraceNode | undefined = this.#root): DialReport {
    if (node === undefined) throw new Error("a trace without a step has no report");
    const open = node.outcome === "pending";
    return {
      kind: node.kind,
      label: node.label,
      startMs: node.startMs,
      durationMs: (open ? this.elapsedMs() : node.endMs) - node.startMs,
      outcome: node.outcome === "pending" ? "aborted" : node.outcome,
      ...(node.error && { error: node.error }),
      ...(node.detail !== undefined && { detail: node.detail }),
      children: (node.children ?? []).map((child) =>
        "report" in child ? shifted(readReport(child.report), child.offsetMs) : this.report(child)
      ),
    };
  }

  #emitEnd(
    step: Step,
    atMs: number,
    outcome: DialOutcome,
    error?: DialFailure,
    addresses: readonly string[] = [],
  ): void {
    this.#emit(
      {
        ...idsOf(step),
        atMs,
        type: `${step.kind}-end`,
        ...(step.kind === "lookup" && { addresses }),
        ...(error !== undefined && { error }),
        ...(outcome === "lost" && { lost: true }),
      } as DialEvent,
    );
  }

  #emit(event: DialEvent): void {
    try {
      this.#onEvent?.(event);
    } catch (error) {
      // As diagnostics_channel does: the listener's bug is the process's to hear of, not the dial's.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

/** What an event of a step's end says of the step. */
type Step = Pick<TraceNode, "id" | "parentId" | "kind">;

function idsOf(node: Step): { id: number; parent?: number } {
  return node.parentId === undefined ? { id: node.id } : { id: node.id, parent: node.parentId };
}

function shifted(report: DialReport, offsetMs: number): DialReport {
  return {
    ...report,
    startMs: report.startMs + offsetMs,
    children: report.children.map((child) => shifted(child, offsetMs)),
  };
}
