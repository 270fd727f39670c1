import type { DialReport } from "../core/dial_report.ts";
import { readOptions } from "../core/options.ts";
import { shownValue } from "../core/value_kind.ts";
import { escapeControls } from "./escape_controls.ts";

/** Options of {@linkcode formatReport}. */
export interface FormatReportOptions {
  /**
   * The maximum number of columns in a line, at least 60.
   *
   * @default {80}
   */
  width?: number;
}

/** Columns of a time, of the bar, and of everything to the left of the text. */
const timeColumns = 8;
const barColumns = 16;
const leftColumns = 2 * timeColumns + barColumns + 6;

/**
 * Formats the report of a dial as a timeline. Each lookup, attempt and handshake has a line with
 * its start time, its duration, a bar and its outcome. The marks are `✓` for success, `✗` for
 * failure and `–` for a step that was aborted, because another attempt won or the caller aborted.
 * Long peer ids are shortened to their end within the steps. Control and formatting characters are
 * escaped, since names and messages are untrusted input.
 *
 * @example
 * const conn = await systemDialer().dialContext("tcp", "localhost:4001");
 * console.log(formatReport(conn.report));
 * // tcp localhost:4001: connected after 1.9 ms
 * //   at ms     took
 * //     0.1      0.2  ██                ✓ lookup localhost IPv6 → ::1
 * //     0.2      0.1   █                ✓ lookup localhost IPv4 → 127.0.0.1
 * //     0.4      0.7     ▒▒▒▒▒▒         ✗ attempt [::1]:4001: connection refused
 * //     1.1      0.8           ███████  ✓ attempt 127.0.0.1:4001: connected
 *
 * @param report The report of a connection or of an error.
 * @param options The width of the output.
 * @returns The lines, without a line break at the end.
 * @throws {RangeError} If `width` is not a whole number of at least 60.
 * @throws {TypeError} If there is no report, as with an error that is no `DialError`.
 */
export function formatReport(report: DialReport, options: FormatReportOptions = {}): string {
  const { width = 80 } = readOptions<FormatReportOptions>("formatReport", options, {
    width: checkWidth,
  });
  if (typeof report?.label !== "string") {
    throw new TypeError(
      `report must be that of a connection or of a DialError, not ${shownValue(report)}`,
    );
  }
  const lines = wrap(`${report.label}: ${rootOutcome(report)}`, width);
  if (report.children.length > 0) {
    lines.push(`${"at ms".padStart(timeColumns)} ${"took".padStart(timeColumns)}`);
  }
  for (const child of report.children) addStep(lines, child, 0, report, width);
  return lines.join("\n");
}

function checkWidth(value: unknown): number {
  if (Number.isInteger(value) && Number(value) >= 60) return Number(value);
  throw new RangeError(`width must be a whole number of at least 60, not ${shownValue(value)}`);
}

function addStep(
  lines: string[],
  step: DialReport,
  depth: number,
  root: DialReport,
  width: number,
): void {
  // Indentation is limited, so that deep trees stay readable.
  const indent = "  ".repeat(Math.min(depth, 4));
  const [first, ...more] = wrap(textOf(step), width - leftColumns - indent.length);
  const at = formatMs(step.startMs - root.startMs).padStart(timeColumns);
  const took = formatMs(step.durationMs).padStart(timeColumns);
  lines.push(`${at} ${took}  ${barOf(step, root)} ${indent}${marks[step.outcome]} ${first}`);
  const margin = " ".repeat(leftColumns + indent.length);
  for (const line of more) lines.push(margin + line);
  for (const child of step.children) addStep(lines, child, depth + 1, root, width);
}

const marks: Record<DialReport["outcome"], string> = {
  aborted: "–",
  failed: "✗",
  lost: "–",
  ok: "✓",
};

function textOf(step: DialReport): string {
  const text = `${step.kind} ${step.label}${detailOf(step)}${stepOutcome(step)}`;
  // A full peer id fills a line, and its last characters are enough to distinguish it.
  return text.replace(/\/p2p\/\w{12,}(\w{6})/g, "/p2p/…$1");
}

function detailOf({ kind, detail }: DialReport): string {
  if (detail === undefined) return "";
  return kind === "lookup" ? ` → ${detail}` : ` (${detail})`;
}

function stepOutcome({ kind, outcome, error, children }: DialReport): string {
  switch (outcome) {
    case "ok":
      if (kind === "lookup") return "";
      return kind === "dial" || kind === "attempt" ? ": connected" : ": done";
    case "lost":
      return kind === "lookup" ? ": not waited for" : ": lost";
    case "aborted":
      return ": aborted";
    case "failed": {
      // A failure is reported once, at the step where it occurred.
      const told = children.some((child) => child.error?.code === error?.code);
      return told || error === undefined ? ": failed" : `: ${error.message}`;
    }
  }
}

function rootOutcome({ outcome, durationMs, error }: DialReport): string {
  const took = `after ${formatMs(durationMs)} ms`;
  if (outcome === "ok") return `connected ${took}`;
  if (outcome !== "failed" || error === undefined) return `${outcome} ${took}`;
  return `failed ${took}, ${error.code}`;
}

function formatMs(ms: number): string {
  return ms.toFixed(ms < 100_000 ? 1 : 0);
}

/** The step's share of the total time, to scale, at least one column wide. */
function barOf(step: DialReport, root: DialReport): string {
  const scale = root.durationMs > 0 ? barColumns / root.durationMs : 0;
  const column = (ms: number) => Math.min(barColumns, Math.max(0, (ms - root.startMs) * scale));
  const start = Math.min(barColumns - 1, Math.floor(column(step.startMs)));
  const end = Math.max(start + 1, Math.round(column(step.startMs + step.durationMs)));
  const bar = (step.outcome === "ok" ? "█" : "▒").repeat(end - start);
  return `${" ".repeat(start)}${bar}`.padEnd(barColumns);
}

/** Wraps a text at its spaces; a word longer than a line is split. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (let word of escapeControls(text).split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    while (word.length > width) {
      lines.push(word.slice(0, width));
      word = word.slice(width);
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines;
}
