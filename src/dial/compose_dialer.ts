import { withCallerFrame } from "../core/caller_frame.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Conn } from "../core/conn.ts";
import { readDialOptions } from "../core/dial_options.ts";
import type { Network } from "../core/addr.ts";
import { type ContextDialer, type DialOptions, isDialer } from "../core/dialer.ts";
import { valueKind } from "../core/value_kind.ts";
import type { Dial } from "./dial.ts";
import { RunningDial } from "./running_dial.ts";

/**
 * Makes a dialer of a function that carries out one dial. All wrapping and combining dialers of
 * this package are written with it.
 *
 * The dialer manages the life cycle, and `run` does not. An aborted dial rejects with
 * `signal.reason` itself. A dial's own limit is a `DialError`. Events and report are recorded. Late
 * and unused connections are closed, and timers and listeners are released. An error of `run` that
 * is no `DialError` becomes the `cause` of one. A connection that `run` obtained and returns stays
 * the same object, with the larger report.
 *
 * @example
 * const withSecondTry = (dialer: ContextDialer) =>
 *   composeDialer("second-try", dialer, async (dial) => {
 *     try {
 *       return await dial.through(dialer);
 *     } catch {
 *       await dial.wait(500, "before the second try");
 *       return await dial.through(dialer);
 *     }
 *   });
 *
 * @param name The dialer's name: `String(dialer)` is `name(…)` with the dialers within.
 * @param over The dialers within, which `String(dialer)`, proxy chains and `checkProxy` inspect;
 * may be empty. `run` may dial through others as well, which appear in reports only.
 * @param run Carries out one dial.
 * @returns The dialer.
 * @throws {TypeError} If `name` is no string, an element of `over` is no dialer, or `run` is no
 * function.
 */
export function composeDialer(
  name: string,
  over: ContextDialer | readonly ContextDialer[],
  run: (dial: Dial) => Promise<Conn>,
): ContextDialer {
  return makeDialer({ name: typeof name === "string" ? redactedName(name) : name, over, run });
}

/** The parts of a dialer of this package. */
export interface DialerInit {
  readonly name: string;
  readonly over: ContextDialer | readonly ContextDialer[];
  readonly run: (dial: RunningDial) => Promise<Conn>;
  /** The time. */
  readonly clock?: Clock;
  /** The proxies on the way, redacted. */
  readonly via?: string;
  /** The value of `String(dialer)`, where it is not `name(…)`. */
  readonly text?: string;
}

/** {@linkcode composeDialer} with the options internal to this package. */
export function makeDialer(init: DialerInit): ContextDialer {
  return new ComposedDialer(init);
}

/**
 * Returns the dialers within a dialer.
 *
 * @param dialer Any dialer.
 * @returns The dialers within; none for a foreign dialer.
 */
export function dialersUnder(dialer: ContextDialer): readonly ContextDialer[] {
  return ComposedDialer.under(dialer);
}

/** Holds its parts in a private field, so that printing the dialer does not show them. */
class ComposedDialer implements ContextDialer {
  readonly #init: DialerInit;
  readonly #over: readonly ContextDialer[];

  constructor(init: DialerInit) {
    const { name, over, run } = init;
    if (typeof name !== "string") {
      throw new TypeError(`the name of a dialer must be a string, not ${valueKind(name)}`);
    }
    this.#over = Array.isArray(over) ? [...over] : [over as ContextDialer];
    for (const dialer of this.#over) {
      if (isDialer(dialer)) continue;
      throw new TypeError(
        `Cannot make "${name}" of ${valueKind(dialer)}: it has no dialContext method`,
      );
    }
    if (typeof run !== "function") {
      throw new TypeError(`what "${name}" does must be a function, not ${valueKind(run)}`);
    }
    // Without a prototype, so that nothing is read from `Object.prototype`.
    this.#init = Object.assign(Object.create(null), init);
  }

  static isComposed(dialer: object): boolean {
    return #over in dialer;
  }

  static under(dialer: ContextDialer): readonly ContextDialer[] {
    return #over in dialer ? dialer.#over : [];
  }

  // Async, so that an error before the start of the dial is a rejection as well.
  async dialContext(network: Network, address: string, options?: DialOptions): Promise<Conn> {
    const { run, clock = systemClock, via } = this.#init;
    const read = readDialOptions(options);
    if (read.signal?.aborted) throw read.signal.reason;
    const dial = new RunningDial({ network, address, options: read, clock, via });
    try {
      return await dial.run(run);
    } catch (error) {
      throw withCallerFrame(error, read.signal);
    }
  }

  toString(): string {
    const { name, text } = this.#init;
    if (text !== undefined) return text;
    return this.#over.length === 0 ? name : `${name}(${this.#over.map(nameOf).join(", ")})`;
  }
}

/**
 * Returns the name of a dialer.
 *
 * @param dialer Any dialer.
 * @returns Its own text, or `dialer` where it has none.
 */
export function nameOf(dialer: ContextDialer): string {
  if (typeof dialer === "function") return "dialer";
  try {
    const text = String(dialer);
    if (text === "[object Object]") return "dialer";
    return ComposedDialer.isComposed(dialer) ? text : redactedName(text);
  } catch {
    // A dialer without a prototype has no `toString`.
    return "dialer";
  }
}

/** The text of a foreign dialer may be a URL with a password. */
function redactedName(text: string): string {
  return text.replace(/[^\s,()/]*@/g, "***@");
}
