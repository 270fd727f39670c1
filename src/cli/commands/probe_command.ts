import process from "node:process";
import { onAbort } from "../../dial/signals.ts";
import { formatReport } from "../../observe/format_report.ts";
import type { Command } from "../command.ts";
import { dialOnce, type DialResult } from "./dial_once.ts";
import { dialOptions, readDialSetup } from "../dial_options.ts";
import { notNumber, parseDuration } from "../parse_duration.ts";
import { formatSummary, probeSummary, tellingResult } from "./probe_summary.ts";
import { roundTimes } from "../round_times.ts";
import { writeError, writeOutput } from "../standard_streams.ts";
import { tlsOptions } from "../tls_option.ts";
import { familyOptions, readTarget } from "../target.ts";
import { UsageError } from "../usage_error.ts";
import { warmUp } from "../warm_up.ts";

/** `anydial probe`. */
export const probeCommand: Command = {
  name: "probe",
  summary: "dial TARGET and print how it went",
  argument: "TARGET",
  description: [
    "Prints the lookups and attempts of the dial as a timeline, and closes the",
    "connection. With --count the dial is repeated, and the timeline is that of the",
    "first failure, or else of the slowest dial. The exit code is 0 if all connected.",
  ],
  options: {
    ...dialOptions,
    ...familyOptions,
    ...tlsOptions,
    count: {
      type: "string",
      short: "c",
      value: "N",
      help: "Dial N times, one after another (default: 1)",
    },
    interval: {
      type: "string",
      short: "i",
      value: "TIME",
      help: "Wait this long between two dials (default: 0)",
    },
    json: { type: "boolean", help: "Print one JSON object, for machines" },
  },
  examples: [
    ["anydial probe /dns4/peer.example/tcp/4001", "which address answers, and how fast?"],
    ["anydial probe --via socks5h://127.0.0.1:9050 peer.example:4001", "and through Tor?"],
    ["anydial probe -c 10 -i 200ms peer.example:4001", "how steady is it?"],
    ["anydial probe --json [2001:db8::1]:4001 | jq .medianMs", "for a script"],
  ],
  async run(input) {
    const { signal } = input;
    const target = readTarget(input);
    const setup = readDialSetup(input);
    const count = readCount(input.one("count") ?? "1");
    const intervalMs = parseDuration("interval", input.one("interval") ?? "0", 0);
    await warmUp();
    const results: DialResult[] = [];
    do {
      const result = await dialOnce(target, setup, signal);
      if (result.outcome === "ok") result.conn.close();
      results.push(result);
      if (results.length < count) {
        await showProgress(target.text, results, count);
        await pause(intervalMs, signal);
      }
    } while (results.length < count && !signal.aborted);
    await clearProgress();
    const summary = probeSummary(target.text, results);
    if (input.has("json")) {
      await writeOutput(`${JSON.stringify(summary, roundTimes)}\n`);
    } else {
      const { report } = tellingResult(results);
      await writeOutput(`${formatReport(report, { width: terminalWidth() })}\n`);
      if (count > 1) await writeOutput(`\n${formatSummary(summary)}\n`);
    }
    if (signal.aborted) return 130;
    const failed = results.find((result) => result.outcome === "failed");
    if (failed !== undefined) throw failed.error;
    return 0;
  },
};

const mostDials = 10_000;

function readCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > mostDials) {
    throw new UsageError(`--count must be a number from 1 to ${mostDials}${notNumber(text)}`);
  }
  return count;
}

/** Waits for a time, or until the user interrupts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      unlink();
      resolve();
    };
    const timer = setTimeout(done, ms);
    const unlink = onAbort(signal, done);
    if (signal.aborted) done();
  });
}

async function showProgress(
  target: string,
  results: readonly DialResult[],
  count: number,
): Promise<void> {
  if (!process.stderr.isTTY) return;
  const { connected, failed, medianMs } = probeSummary(target, results);
  const median = medianMs === null ? "" : `, median ${medianMs.toFixed(1)} ms`;
  const line = `${results.length}/${count}: ${connected} connected, ${failed} failed${median}`;
  await writeError(`\r\x1b[K${line}`);
}

async function clearProgress(): Promise<void> {
  if (process.stderr.isTTY) await writeError("\r\x1b[K");
}

/** The width of the terminal, limited to a readable one; 80 columns for any other output. */
function terminalWidth(): number {
  // Some terminals report an unknown width as 0.
  const columns = (process.stdout.isTTY && process.stdout.columns) || 80;
  return Math.min(Math.max(columns, 60), 120);
}
