/** Rounds times to microseconds; a replacer for `JSON.stringify`. */
export function roundTimes(key: string, value: unknown): unknown {
  return key.endsWith("Ms") && typeof value === "number" ? Math.round(value * 1e3) / 1e3 : value;
}
