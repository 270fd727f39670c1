import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";

/** What this process has open, as far as it is a socket or a pipe: what else there is, the runtime opens when it likes. */
export function openSockets(): string[] {
  return readdirSync("/proc/self/fd").map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      // The directory's own descriptor, closed by now.
      return "";
    }
  }).filter((target) => /^(socket|pipe):/.test(target));
}

/** Waits until no more sockets are open than there were; a runtime closes them after it said so. */
export async function settleSockets(before: readonly string[]): Promise<void> {
  const end = performance.now() + 5_000;
  while (openSockets().length > before.length && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const left = openSockets().filter((target) => !before.includes(target));
  assert.ok(openSockets().length <= before.length, `left open: ${left.join(", ")}`);
}
