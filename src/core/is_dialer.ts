import type { ContextDialer } from "./dialer.ts";
import { valueKind } from "./value_kind.ts";

/** Whether a value has the methods of a dialer. */
export function isDialer(value: unknown): value is ContextDialer {
  return typeof (value as ContextDialer | undefined | null)?.dialContext === "function";
}

/**
 * Checks that a value is a dialer.
 *
 * @param value The value; it may be a proxy's URL with a password, and is not quoted.
 * @param what The action that needs it, as in `Cannot … a string`.
 * @throws {TypeError} If it is no dialer.
 */
export function requireDialer(value: unknown, what: string): void {
  if (isDialer(value)) return;
  throw new TypeError(`Cannot ${what} ${valueKind(value)}: it has no dialContext method`);
}
