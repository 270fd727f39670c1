/**
 * A process of its own that makes a dialer of the `systemDialer` in FILE, dials ADDRESS three times
 * and prints as JSON what came of each: `first_dial.ts FILE ADDRESS WHEN`. Where WHEN is
 * `without descriptors`, it has none left during the first two dials.
 */
import { closeSync, openSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { ContextDialer } from "../../src/core/dialer.ts";

const [file, address, when] = process.argv.slice(2);
const { systemDialer } = await import(pathToFileURL(file!).href);
const dialer: ContextDialer = systemDialer();

async function outcome(): Promise<unknown> {
  try {
    (await dialer.dialContext("tcp", address!)).close();
    return "dialed";
  } catch (error) {
    const { name, code, phase, reason, cause, report } = error as Record<string, unknown>;
    const { kind, outcome } = report as Record<string, unknown>;
    return { name, code, phase, reason, cause: String(cause), report: { kind, outcome } };
  }
}

const held: number[] = [];
try {
  while (when === "without descriptors") held.push(openSync("/dev/null", "r"));
} catch {
  // There are no more.
}
const outcomes = [await outcome(), await outcome()];
for (const descriptor of held) closeSync(descriptor);
outcomes.push(await outcome());
console.log(JSON.stringify(outcomes));
