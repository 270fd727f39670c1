import type { NetDialerConfig } from "./net_dialer_options.ts";

/** The least time an address gets where addresses are tried one at a time under a time limit; as in Go. */
const leastShareMs = 2_000;

/**
 * Gives an address's share of the time left, where addresses are tried one at a time under a time limit.
 *
 * @param left How many addresses the time is for, this one included.
 * @returns Milliseconds; `undefined` where the address has all the time there is.
 */
export function attemptShareMs(
  { attemptDelayMs, timeoutMs }: Pick<NetDialerConfig, "attemptDelayMs" | "timeoutMs">,
  elapsedMs: number,
  left: number,
): number | undefined {
  if (attemptDelayMs !== false || timeoutMs === undefined || left === 1) return undefined;
  return Math.max(leastShareMs, (timeoutMs - elapsedMs) / left);
}
