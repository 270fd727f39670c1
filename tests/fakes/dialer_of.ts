import type { ContextDialer } from "../../src/core/dialer.ts";

/** A dialer of somebody else's making, which does just what a test says. */
export function dialerOf(dialContext: ContextDialer["dialContext"]): ContextDialer {
  return { dialContext };
}
