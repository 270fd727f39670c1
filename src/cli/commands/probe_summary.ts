import type { Addr } from "../../core/addr.ts";
import type { DialReport } from "../../core/dial_report.ts";
import type { DialResult } from "./dial_once.ts";

/** The output of `anydial probe --json`. */
export interface ProbeSummary {
  /** The target as the user wrote it. */
  readonly target: string;
  /** The number of dials. */
  readonly count: number;
  /** The number of dials that connected. */
  readonly connected: number;
  /** The number of dials that failed. */
  readonly failed: number;
  /**
   * The minimum, median and maximum of the dials that connected, in milliseconds; `null` if none
   * did.
   */
  readonly minMs: number | null;
  readonly medianMs: number | null;
  readonly maxMs: number | null;
  /** The dials, in order. */
  readonly dials: readonly ProbedDial[];
}

/** One dial of a probe. */
export interface ProbedDial {
  readonly ok: boolean;
  readonly durationMs: number;
  /** The connection's ends and the proxies on the way; absent after a failure. */
  readonly localAddr?: Addr;
  readonly remoteAddr?: Addr;
  readonly hops?: readonly Addr[];
  /** The reason for a failure. */
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly phase?: string;
    readonly hop?: string;
    readonly blame?: string;
  };
  readonly report: DialReport;
}

/** Summarizes the results of a probe. */
export function probeSummary(target: string, results: readonly DialResult[]): ProbeSummary {
  const times = results.flatMap(({ outcome, report }) => outcome === "ok" ? report.durationMs : [])
    .sort((one, other) => one - other);
  return {
    target,
    count: results.length,
    connected: times.length,
    failed: results.filter(({ outcome }) => outcome === "failed").length,
    minMs: times[0] ?? null,
    medianMs: median(times),
    maxMs: times.at(-1) ?? null,
    dials: results.map(probedDial),
  };
}

/** The first failure, else the slowest dial. */
export function tellingResult(results: readonly DialResult[]): DialResult {
  const slowest = (one: DialResult, other: DialResult) =>
    other.report.durationMs > one.report.durationMs ? other : one;
  return results.find(({ outcome }) => outcome === "failed") ?? results.reduce(slowest);
}

/** Formats the summary as two lines. */
export function formatSummary(summary: ProbeSummary): string {
  const { count, connected, failed, minMs, medianMs, maxMs } = summary;
  const counts = `${count} dials: ${connected} connected, ${failed} failed`;
  if (minMs === null) return counts;
  const [min, middle, max] = [minMs, medianMs!, maxMs!].map((ms) => `${ms.toFixed(1)} ms`);
  return `${counts}\nmin ${min}, median ${middle}, max ${max}`;
}

function probedDial(result: DialResult): ProbedDial {
  const { report } = result;
  const { durationMs } = report;
  switch (result.outcome) {
    case "ok": {
      const { localAddr, remoteAddr, hops } = result.conn;
      return { ok: true, durationMs, localAddr, remoteAddr, hops, report };
    }
    case "failed": {
      // Undefined properties are omitted from the JSON.
      const { code, message, phase, hop, blame } = result.error;
      return { ok: false, durationMs, error: { code, message, phase, hop, blame }, report };
    }
    case "aborted":
      return { ok: false, durationMs, error: report.error!, report };
  }
}

function median(sorted: readonly number[]): number | null {
  if (sorted.length === 0) return null;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
