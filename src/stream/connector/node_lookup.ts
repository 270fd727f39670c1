import { redacted } from "../../core/redact.ts";
import { connError } from "../../core/conn_error.ts";
import { type IpFamily, ipFamily } from "../../ip/ip_literal.ts";
import { errorOf } from "../error_of.ts";

/** An address in the form of `dns.lookup`. */
export interface NodeLookupAddress {
  /** The IP address. */
  address: string;
  /** Its family, 4 or 6. */
  family?: number | undefined;
}

/**
 * Resolver for host names with the signature of `dns.lookup`. It is called with `all: true`, and
 * may return a list or a single address.
 */
export type NodeLookup = (
  hostname: string,
  // The declarations of Node and of libraries differ in the optional properties.
  // deno-lint-ignore no-explicit-any
  options: any,
  callback: (
    error: NodeJS.ErrnoException | null,
    // deno-lint-ignore no-explicit-any
    address: any,
    family?: number,
  ) => void,
) => void;

/** The arguments of a {@linkcode NodeLookup}. */
export interface NodeLookupRequest {
  readonly host: string;
  readonly family: IpFamily | 0;
  readonly hints: unknown;
}

/**
 * Calls a function with the signature of `dns.lookup`.
 *
 * @param lookup The function.
 * @param request The host, the family and the hints.
 * @returns The addresses in the order of the answer: at least one, each of the requested family.
 * @throws The error of the function, or an `Error` with a code if there is no usable address.
 */
export async function lookUp(
  lookup: NodeLookup,
  { host, family, hints }: NodeLookupRequest,
): Promise<readonly string[]> {
  const answer = await new Promise<unknown>((resolve, reject) => {
    const options = { family, hints: typeof hints === "number" ? hints : 0, all: true };
    lookup(host, options, (error, address) => {
      if (error) reject(errorOf(error, `Cannot look ${redacted(host)} up`, "ENOTFOUND"));
      else resolve(address);
    });
  });
  const listed = Array.isArray(answer) ? answer : [answer];
  const addresses = listed.map((each) => {
    const address: unknown = typeof each === "object" && each !== null ? each.address : each;
    if (typeof address === "string" && ipFamily(address) !== undefined) return address;
    throw connError(
      "ERR_INVALID_IP_ADDRESS",
      `lookup answered no IP address for ${redacted(host)}`,
    );
  });
  const usable = addresses.filter((address) => family === 0 || ipFamily(address) === family);
  if (usable.length > 0) return usable;
  const kind = family === 0 ? "address" : `IPv${family} address`;
  throw connError("ENOTFOUND", `lookup answered no ${kind} for ${redacted(host)}`);
}
