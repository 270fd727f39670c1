/** A failure in short, as events and reports carry it. Nothing in it is secret. */
export interface DialFailure {
  /** The code of the {@linkcode DialError}, or `ABORT_ERR` where the caller gave up. */
  readonly code: string;
  /** One line for a person, credentials redacted. */
  readonly message: string;
}

/** The failure of a dial that the caller aborted. */
export const aborted: DialFailure = Object.freeze({
  code: "ABORT_ERR",
  message: "aborted by the caller",
});

/** How a step of a dial ended. `lost`: another attempt won; `aborted`: the caller gave up. */
export type DialOutcome = "ok" | "failed" | "lost" | "aborted";

/** The events of a dial as a tree: a node for each dial, lookup, attempt and handshake. */
export interface DialReport {
  /** The kind of this node: `dial`, `lookup`, `attempt`, `handshake` … */
  readonly kind: string;
  /** The subject of the step: an address, a host, a protocol. */
  readonly label: string;
  /** Milliseconds from the start of the outermost dial to the start of this step. */
  readonly startMs: number;
  /** Milliseconds that this step took. */
  readonly durationMs: number;
  /** How it ended. */
  readonly outcome: DialOutcome;
  /** Why, where it failed or was aborted. */
  readonly error?: DialFailure;
  /** What a lookup found, or another remark. */
  readonly detail?: string;
  /** The steps within this one, in the order in which they began. */
  readonly children: readonly DialReport[];
}

/** Builds a report when it is read, such as a dial's trace. The dial itself is not retained. */
export interface ReportSource {
  /** Builds the report. */
  report(): DialReport;
}

/**
 * Reads a report, building it if necessary.
 *
 * @param report The report or its source.
 * @returns The report.
 */
export function readReport(report: DialReport | ReportSource): DialReport {
  return "report" in report ? report.report() : report;
}
