import { systemDialer } from "../../adapters/system.ts";

/** Loads what the first dial would load, so that the times are the network's. */
export async function warmUp(): Promise<void> {
  await import("node:dns");
  // The empty path is refused, but only by the runtime's adapter.
  await systemDialer().dialContext("unix", "").catch(() => {});
}
