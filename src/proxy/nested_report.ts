import type { DialReport } from "../core/dial_report.ts";

/**
 * Finds the report of a connection or an error that another dialer gave, whoever wrote that.
 *
 * @param from The connection, or what was thrown.
 * @returns The report, or `undefined` if there is none.
 */
export function nestedReport(from: unknown): DialReport | undefined {
  try {
    const report = (from as { report?: DialReport }).report;
    return Array.isArray(report?.children) ? report : undefined;
  } catch {
    // Not an object at all, or a connection that was not dialed.
    return undefined;
  }
}
