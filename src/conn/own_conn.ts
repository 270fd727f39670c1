import type { Conn } from "../core/conn.ts";
import type { DialReport, ReportSource } from "../core/dial_report.ts";

/** A connection of this package: wrapping dialers can extend its report. */
export interface OwnConn extends Conn {
  /** The current report; `undefined` where the connection was not dialed. */
  readonly reportSource: ReportSource | undefined;
  /** Sets how the connection was made. */
  setReport(report: DialReport | ReportSource): void;
}
