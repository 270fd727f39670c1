/**
 * Dial reports as text for people.
 *
 * @example
 * import { systemDialer } from "@anydial/dialer";
 * import { formatReport } from "@anydial/dialer/observe";
 *
 * const conn = await systemDialer().dialContext("tcp", "peer.example:4001");
 * console.log(formatReport(conn.report));
 *
 * @module
 */
export { formatReport, type FormatReportOptions } from "./format_report.ts";
export type { DialFailure, DialOutcome, DialReport } from "../core/dial_report.ts";
