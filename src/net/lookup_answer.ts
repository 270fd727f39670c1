import { dialFailure } from "../core/dial_error.ts";
import type { DialErrorCode } from "../core/dial_error_code.ts";
import { describeCode, systemErrorCode } from "../core/error_reason.ts";
import { isIPv4Mapped } from "../ip/ip_bytes.ts";
import { type IpFamily, ipFamily } from "../ip/ip_literal.ts";

/**
 * Filters the answer of a resolver: each address once, and only addresses of the family. Some
 * resolvers return a name that is a literal of the other family unchanged.
 */
export function usableAddresses(found: readonly string[], family: IpFamily): readonly string[] {
  if (!Array.isArray(found)) throw new TypeError("the resolver's answer is not a list");
  const usable = found.filter((address) =>
    typeof address === "string" && ipFamily(address) === family && !isIPv4Mapped(address)
  );
  return [...new Set(usable)];
}

/** Converts a failed lookup to the same code on every runtime. */
export function readLookupFailure(
  host: string,
  family: IpFamily,
  cause: unknown,
): { code: DialErrorCode; reason: string } {
  const code = lookupCode(cause);
  if (code === "ENOTFOUND") return { code, reason: `no IPv${family} address for "${host}"` };
  if (code === "EACCES") return { code, reason: `looking up "${host}" is not permitted` };
  const why = describeCode(code) ?? dialFailure(cause).message;
  return { code, reason: `looking up "${host}" failed: ${why}` };
}

function lookupCode(cause: unknown): DialErrorCode {
  const code = systemErrorCode(cause);
  // Deno reports EPERM for a lookup that its permissions do not cover. Node reports EINVAL for a
  // name that cannot be in the DNS.
  if (code === "EPERM") return "EACCES";
  if (code === "EINVAL") return "ENOTFOUND";
  return code ?? "ERR_DIAL_FAILED";
}
