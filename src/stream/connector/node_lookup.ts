import { connError } from "../../core/conn_error.ts";
import { type IpFamily, ipFamily } from "../../ip/ip_literal.ts";
import { errorOf } from "../error_of.ts";

/** An address as `dns.lookup` answers it. */
export interface NodeLookupAddress {
  /** The IP address. */
  address: string;
  /** Its family, 4 or 6. */
  family?: number | undefined;
}

/**
 * What looks a name up in the way of `dns.lookup`. It is asked for all addresses (`all: true`), and
 * may answer a list or a single one.
 */
export type NodeLookup = (
  hostname: string,
  // What Node and others declare here differs in what may be left out.
  // deno-lint-ignore no-explicit-any
  options: any,
  callback: (
    error: NodeJS.ErrnoException | null,
    // deno-lint-ignore no-explicit-any
    address: any,
    family?: number,
  ) => void,
) => void;

/** What is asked of a {@linkcode NodeLookup}. */
export interface NodeLookupRequest {
  readonly host: string;
  readonly family: IpFamily | 0;
  readonly hints: unknown;
}

/**
 * Asks a function of the kind of `dns.lookup`.
 *
 * @param lookup The function.
 * @param request What is asked.
 * @returns The addresses, in its order: at least one, each of the family that was asked for.
 * @throws What it answers or throws as its error; an `Error` with a code if it answers no address.
 */
export async function lookUp(
  lookup: NodeLookup,
  { host, family, hints }: NodeLookupRequest,
): Promise<readonly string[]> {
  const answer = await new Promise<unknown>((resolve, reject) => {
    const options = { family, hints: typeof hints === "number" ? hints : 0, all: true };
    lookup(host, options, (error, address) => {
      if (error) reject(errorOf(error, `Cannot look ${host} up`, "ENOTFOUND"));
      else resolve(address);
    });
  });
  const listed = Array.isArray(answer) ? answer : [answer];
  const addresses = listed.map((each) => {
    const address: unknown = typeof each === "object" && each !== null ? each.address : each;
    if (typeof address === "string" && ipFamily(address) !== undefined) return address;
    throw connError("ERR_INVALID_IP_ADDRESS", `lookup answered no IP address for ${host}`);
  });
  const usable = addresses.filter((address) => family === 0 || ipFamily(address) === family);
  if (usable.length > 0) return usable;
  const kind = family === 0 ? "address" : `IPv${family} address`;
  throw connError("ENOTFOUND", `lookup answered no ${kind} for ${host}`);
}
