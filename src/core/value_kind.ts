/**
 * Says what a value is without quoting it, where it may be a URL with a password.
 *
 * @param value Any value.
 * @returns `undefined`, `null`, `a string`, `an object` …
 */
export function valueKind(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
