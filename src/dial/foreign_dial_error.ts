import { DialError, dialFailure, isDialError } from "../core/dial_error.ts";
import type { ReportSource } from "../core/dial_report.ts";
import type { Network } from "../core/addr.ts";
import { describeCode, systemErrorCode } from "../core/error_reason.ts";

/** The error of another dialer, as the cause of a `DialError`. */
export class ForeignDialError extends DialError {}

/**
 * Makes the `DialError` of a dial from any thrown value.
 *
 * @param thrown The thrown value.
 * @param network The network of the dial.
 * @param address The address of the dial.
 * @param report The report, for an error that has none of its own.
 * @returns The error: the same if it is a `DialError`.
 */
export function errorOf(
  thrown: unknown,
  network: Network,
  address: string,
  report: ReportSource,
): DialError {
  if (isDialError(thrown)) return thrown;
  const code = systemErrorCode(thrown) ?? "ERR_DIAL_FAILED";
  const reason = describeCode(code) ?? dialFailure(thrown).message;
  const failure = { code, phase: "connect", network, address, reason, cause: thrown } as const;
  return new ForeignDialError({ ...failure, report });
}
