/** A failure in short, as events and reports carry it. Nothing in it is secret. */
export interface DialFailure {
  /** The code of the {@linkcode DialError}, or `ABORT_ERR` where the caller gave up. */
  readonly code: string;
  /** One line for a person, credentials redacted. */
  readonly message: string;
}

/** What is told of a dial that its caller gave up. */
export const aborted: DialFailure = Object.freeze({
  code: "ABORT_ERR",
  message: "aborted by the caller",
});

/** How a step of a dial ended. `lost`: another attempt won; `aborted`: the caller gave up. */
export type DialOutcome = "ok" | "failed" | "lost" | "aborted";

/** What the events of a dial amount to: a node per dial, lookup, attempt and handshake. */
export interface DialReport {
  /** What this node is: `dial`, `lookup`, `attempt`, `handshake` … */
  readonly kind: string;
  /** What it was about: an address, a host, a protocol. */
  readonly label: string;
  /** Milliseconds from the start of the outermost dial to the start of this step. */
  readonly startMs: number;
  /** Milliseconds that this step took. */
  readonly durationMs: number;
  /** How it ended. */
  readonly outcome: DialOutcome;
  /** Why, where it failed or was aborted. */
  readonly error?: DialFailure;
  /** What a lookup found, or another remark for a person. */
  readonly detail?: string;
  /** The steps within this one, in the order in which they began. */
  readonly children: readonly DialReport[];
}

/** Who puts a report together once somebody reads it, such as a dial's trace: of the dial itself nothing else is kept. */
export interface ReportSource {
  /** Puts it together. */
  report(): DialReport;
}

/**
 * Reads a report that may still have to be put together.
 *
 * @param report The report, or who can make it.
 * @returns The report.
 */
export function readReport(report: DialReport | ReportSource): DialReport {
  return "report" in report ? report.report() : report;
}
