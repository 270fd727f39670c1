/**
 * Describes a value without quoting it, where it may be a URL with a password.
 *
 * @param value Any value.
 * @returns `undefined`, `null`, `a string`, `an array`, `an object` …
 */
export function valueKind(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/**
 * Quotes a value in an error where it cannot be a secret: a number, a boolean, `undefined`.
 * Otherwise only its kind is shown, because text may be a password passed in the wrong place.
 *
 * @param value Any value.
 * @returns `5`, `true`, `undefined`, `a string` …
 */
export function shownValue(value: unknown): string {
  const isPlain = typeof value === "number" || typeof value === "boolean";
  return isPlain ? String(value) : valueKind(value);
}
