import { systemDialer } from "../../adapters/system.ts";

/** Loads the modules of the first dial, so that the measured times are those of the network. */
export async function warmUp(): Promise<void> {
  await import("node:dns");
  // An empty path is rejected only by the runtime's adapter, so everything is loaded.
  await systemDialer().dialContext("unix", "").catch(() => {});
}
