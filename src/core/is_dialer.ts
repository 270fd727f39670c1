import type { ContextDialer } from "./dialer.ts";
import { valueKind } from "./value_kind.ts";

/** Tells whether a value has what every dialer has. */
export function isDialer(value: unknown): value is ContextDialer {
  return typeof (value as ContextDialer | undefined | null)?.dialContext === "function";
}

/**
 * Makes sure that there is a dialer.
 *
 * @param value What was given as one; it may be a proxy's URL with a password, and is not quoted.
 * @param what What it is wanted for, as in `Cannot … a string`.
 * @throws {TypeError} If it is none.
 */
export function requireDialer(value: unknown, what: string): void {
  if (isDialer(value)) return;
  throw new TypeError(`Cannot ${what} ${valueKind(value)}: it has no dialContext method`);
}
