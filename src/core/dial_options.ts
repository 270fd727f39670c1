import type { DialEvent } from "./dial_event.ts";
import type { DialOptions, Multiaddr } from "./dialer.ts";
import { optionOf, otherOptions } from "./options.ts";
import { shownValue, valueKind } from "./value_kind.ts";

/** The options of a dial, read once. */
export interface ReadDialOptions {
  readonly signal: AbortSignal | undefined;
  readonly onEvent: ((event: DialEvent) => void) | undefined;
  readonly remoteMultiaddr: Multiaddr | undefined;
  /** Options unknown here, for inner dialers. */
  readonly others: object;
}

/**
 * Reads the options of a dial.
 *
 * @param options The options from the caller.
 * @returns The options.
 * @throws {TypeError} If an option is unusable.
 */
export function readDialOptions(options: DialOptions | undefined): ReadDialOptions {
  if (options === undefined || options === null) return none;
  if (typeof options !== "object") {
    throw new TypeError(`The options of a dial must be an object, not ${valueKind(options)}`);
  }
  const [signal, onEvent, remoteMultiaddr] = known.map((name) => optionOf(options, name)) as [
    DialOptions["signal"],
    DialOptions["onEvent"],
    DialOptions["remoteMultiaddr"],
  ];
  if (signal !== undefined && signal !== null) requireSignal(signal);
  if (onEvent !== undefined && onEvent !== null && typeof onEvent !== "function") {
    throw new TypeError(`onEvent must be a function, not ${shownValue(onEvent)}`);
  }
  return {
    signal: signal ?? undefined,
    onEvent: onEvent ?? undefined,
    remoteMultiaddr: remoteMultiaddr ?? undefined,
    others: otherOptions(options, known),
  };
}

const known = ["signal", "onEvent", "remoteMultiaddr"] as const;

const none: ReadDialOptions = {
  ...{ signal: undefined, onEvent: undefined, remoteMultiaddr: undefined, others: {} },
};

/** Throws a TypeError if `signal` is no AbortSignal. */
export function requireSignal(signal: unknown): void {
  const { aborted, addEventListener, removeEventListener } = signal as Partial<AbortSignal>;
  if (
    typeof aborted === "boolean" && typeof addEventListener === "function" &&
    typeof removeEventListener === "function"
  ) return;
  throw new TypeError(`signal must be an AbortSignal, not ${shownValue(signal)}`);
}
