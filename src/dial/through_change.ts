import { readDialOptions } from "../core/dial_options.ts";
import { type OptionChecks, readOptions, unchecked } from "../core/options.ts";
import type { ThroughChange } from "./dial.ts";

/** An object that inherits nothing from `Object.prototype`. */
const noChange: ThroughChange = Object.create(null);

const throughOptions: OptionChecks<ThroughChange> = {
  network: unchecked,
  address: unchecked,
  remoteMultiaddr: unchecked,
  signal: unchecked,
  onEvent: unchecked,
};

/** Reads and checks what `Dial.through` was given. */
export function readThroughChange(given: ThroughChange | undefined): ThroughChange {
  if (given === undefined) return noChange;
  const change = readOptions("through", given, throughOptions);
  readDialOptions(change);
  return change;
}
