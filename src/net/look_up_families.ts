import type { DialError } from "../core/dial_error.ts";
import type { RunningDial } from "../dial/running_dial.ts";
import type { AddressRace } from "../dial/address_race.ts";
import type { IpFamily } from "../ip/ip_literal.ts";
import { readLookupFailure, usableAddresses } from "./lookup_answer.ts";
import type { Resolver } from "../resolver/resolver.ts";

/** The name to look up and the families. */
export interface LookUpFamiliesOptions {
  readonly resolver: Resolver;
  readonly host: string;
  readonly families: readonly IpFamily[];
  /** More properties for the error of a failed lookup. */
  readonly errorDetails?: (code: string) => Partial<Pick<DialError, "via" | "blame">>;
}

/**
 * Looks up a name for a race, with a step for each family.
 *
 * @param dial The dial.
 * @param race Receives the addresses.
 * @param options The name and the families.
 * @returns The failures of the lookups; the list grows until the race ends.
 */
export function lookUpFamilies(
  dial: RunningDial,
  race: AddressRace,
  { resolver, host, families, errorDetails }: LookUpFamiliesOptions,
): readonly DialError[] {
  const errors: DialError[] = [];
  const lookUp = async (family: IpFamily): Promise<readonly string[]> => {
    try {
      const found = await resolver.lookup(host, { family, signal: dial.untilOver });
      const addresses = usableAddresses(found, family);
      if (addresses.length > 0) return addresses;
      throw Object.assign(new Error("no address"), { code: "ENOTFOUND" });
    } catch (cause) {
      const { code, reason } = readLookupFailure(host, family, cause);
      const failure = { code, phase: "resolve", reason, cause } as const;
      throw dial.error({ ...failure, ...errorDetails?.(code) });
    }
  };
  race.expect(families.length);
  for (const family of families) {
    const start = { type: "lookup-start", host, family } as const;
    dial.step(start, () => lookUp(family), (addresses) => ({ addresses })).then(
      (addresses) => race.answer(family, addresses),
      (error) => {
        if (dial.isOver) return;
        errors.push(error);
        race.answer(family, []);
      },
    );
  }
  return errors;
}

/**
 * Summarizes why a name has no address.
 *
 * @param host The name.
 * @param errors The failures of its lookups; one or more.
 * @returns The properties of the dial's error.
 */
export function summarizeLookupErrors(
  host: string,
  errors: readonly DialError[],
): Pick<DialError, "code" | "phase" | "reason" | "cause" | "blame" | "errors"> {
  // "No such name" in one family is not conclusive when the other family's lookup failed otherwise.
  const telling = errors.find(({ code }) => code !== "ENOTFOUND") ?? errors[0]!;
  const { code, phase, cause, blame } = telling;
  const reason = code === "ENOTFOUND" && errors.length > 1
    ? `no such host "${host}"`
    : telling.reason;
  return {
    ...{ code, phase, reason, cause },
    blame,
    ...(errors.length > 1 && { errors }),
  };
}
