import type { DialError } from "../core/dial_error.ts";
import type { DialErrorCode } from "../core/dial_error_code.ts";

/** The codes of an attempt on a machine without any route for the family. */
const saysLittle: ReadonlySet<DialErrorCode> = new Set<DialErrorCode>([
  "EADDRNOTAVAIL",
  "EAFNOSUPPORT",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/**
 * Summarizes the errors of all attempts.
 *
 * @param errors One or more.
 * @param asked The requested address, which the summary does not repeat; `undefined` where the
 * summary has no address.
 */
export function summarizeErrors(
  errors: readonly DialError[],
  asked: string | undefined,
): { code: DialErrorCode; reason: string; cause: unknown } {
  const first = errors[0]!;
  if (errors.length === 1) {
    const named = asked === undefined || first.address === asked;
    const reason = named ? first.reason : `${first.address}: ${first.reason}`;
    return { code: first.code, reason, cause: first.cause };
  }
  const { code, cause } = errors.find(({ code }) => !saysLittle.has(code)) ?? first;
  const listed = errors.slice(0, 4).map(({ address, reason }) => `${address} ${reason}`).join(", ");
  const more = errors.length > 4 ? `, and ${errors.length - 4} more` : "";
  return { code, reason: `all ${errors.length} attempts failed: ${listed}${more}`, cause };
}
