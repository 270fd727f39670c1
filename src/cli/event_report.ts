import type { DialEvent } from "../core/dial_event.ts";
import type { DialFailure, DialOutcome, DialReport } from "../core/dial_report.ts";

interface Step {
  readonly kind: string;
  readonly label: string;
  readonly startMs: number;
  readonly children: Step[];
  endMs?: number;
  outcome?: DialOutcome;
  error?: DialFailure;
  detail?: string;
}

/**
 * Puts a report together from events alone, for a dial that is given up: it rejects with the reason of its signal, which has no
 * report.
 */
export class EventReport {
  readonly #steps = new Map<number, Step>();
  #root: Step | undefined;

  /** Takes the next event. */
  add(event: DialEvent): void {
    const step = this.#steps.get(event.id);
    if (step !== undefined) return end(step, event);
    const [kind, label] = nameOf(event);
    const started: Step = { kind, label, startMs: event.atMs, children: [] };
    this.#steps.set(event.id, started);
    const parent = event.parent === undefined ? undefined : this.#steps.get(event.parent);
    if (parent === undefined) this.#root ??= started;
    else parent.children.push(started);
  }

  /**
   * The report as it is now.
   *
   * @param nowMs The time since the dial began.
   * @param open How the steps end that have not ended yet.
   */
  report(nowMs: number, open: { outcome: DialOutcome; error: DialFailure }): DialReport {
    const reportOf = (step: Step): DialReport => {
      const { kind, label, startMs, endMs = nowMs, outcome = open.outcome, detail } = step;
      const error = step.outcome === undefined ? open.error : step.error;
      return {
        ...{ kind, label, startMs, outcome },
        durationMs: endMs - startMs,
        ...(error !== undefined && { error }),
        ...(detail !== undefined && { detail }),
        children: step.children.map(reportOf),
      };
    };
    const nothing: Step = { kind: "dial", label: "dial", startMs: 0, children: [] };
    return reportOf(this.#root ?? nothing);
  }
}

function end(step: Step, event: DialEvent): void {
  step.endMs = event.atMs;
  step.outcome = "lost" in event && event.lost ? "lost" : "ok";
  if ("error" in event && event.error !== undefined) {
    step.error = event.error;
    step.outcome = event.error.code === "ABORT_ERR" ? "aborted" : "failed";
  }
  if ("addresses" in event && event.addresses.length > 0) step.detail = event.addresses.join(", ");
}

function nameOf(event: DialEvent): [kind: string, label: string] {
  switch (event.type) {
    case "dial-start":
      return [
        "dial",
        event.address.startsWith("/") ? event.address : `${event.network} ${event.address}`,
      ];
    case "lookup-start":
      return [
        "lookup",
        `${event.host} ${event.family === undefined ? "TXT" : `IPv${event.family}`}`,
      ];
    case "attempt-start":
      return ["attempt", event.address];
    case "handshake-start":
      return ["handshake", `${event.protocol} ${event.hop}`];
    default:
      return [event.type.replace(/-(start|end)$/, ""), ""];
  }
}
