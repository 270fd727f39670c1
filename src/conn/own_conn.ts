import type { Conn } from "../core/conn.ts";
import type { DialReport, ReportSource } from "../core/dial_report.ts";

/** A connection of this package: what wraps its dialer can say more of how it came about. */
export interface OwnConn extends Conn {
  /** The report as it is said now; `undefined` where the connection was not dialed. */
  readonly reportSource: ReportSource | undefined;
  /** Says how the connection came about. */
  setReport(report: DialReport | ReportSource): void;
}
