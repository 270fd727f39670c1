import { DialError, dialFailure, isDialError } from "../core/dial_error.ts";
import type { ReportSource } from "../core/dial_report.ts";
import type { Network } from "../core/addr.ts";
import { describeCode, systemErrorCode } from "../core/error_reason.ts";

/** What another dialer threw, in the form of a `DialError` whose cause it is. */
export class ForeignDialError extends DialError {}

/**
 * Gives the error of a dial, whatever its dialer threw.
 *
 * @param thrown What was thrown.
 * @param network What was dialed over.
 * @param address What was dialed.
 * @param report How the dial went, for an error that has no report of its own.
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
