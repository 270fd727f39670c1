import type { NetDialerConfig } from "./net_dialer_options.ts";

/**
 * The least time for an address where addresses are tried one at a time under a time limit; as in
 * Go.
 */
const leastShareMs = 2_000;

/**
 * Returns an address's share of the remaining time, where addresses are tried one at a time.
 *
 * @param left The number of remaining addresses, this one included.
 * @returns Milliseconds; `undefined` where the address has all of the remaining time.
 */
export function attemptShareMs(
  { attemptDelayMs, timeoutMs }: Pick<NetDialerConfig, "attemptDelayMs" | "timeoutMs">,
  elapsedMs: number,
  left: number,
): number | undefined {
  if (attemptDelayMs !== false || timeoutMs === undefined || left === 1) return undefined;
  return Math.max(leastShareMs, (timeoutMs - elapsedMs) / left);
}
