import { maxMs } from "../core/options.ts";
import { UsageError } from "./usage_error.ts";

const unitsMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000 };

/**
 * Parses a time: `1500`, `1500ms`, `1.5s` or `2m`.
 *
 * @param option The option with the time, for the message.
 * @param text The text that the user wrote.
 * @param leastMs The minimum, in milliseconds.
 * @returns The time in milliseconds.
 * @throws {UsageError} If the text is not a time, or out of range.
 */
export function parseDuration(option: string, text: string, leastMs: number): number {
  const [, number, unit = "ms"] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  const ms = Number(number) * unitsMs[unit]!;
  if (!(ms >= leastMs && ms <= maxMs)) {
    throw new UsageError(
      `--${option} must be a time such as 500ms, 5s or 2m, at least ${leastMs} ms` +
        notNumber(text),
    );
  }
  return ms;
}

/**
 * Describes a rejected number for a message; other text is not quoted, since it may be a secret.
 */
export function notNumber(text: string): string {
  return /^[0-9.]{1,4}[a-z]{0,2}$/.test(text) ? `, not "${text}"` : "";
}
