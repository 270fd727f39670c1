import type { Clock } from "./clock.ts";
import type { IpFamily } from "../ip/ip_literal.ts";

/** The delays and callbacks of a race. */
export interface AddressRaceOptions<Candidate> {
  /** Milliseconds between attempts while none has failed (RFC 8305 §5); `false`: one at a time. */
  attemptDelayMs: number | false;
  /** Milliseconds to wait for the preferred family when the other answers first (RFC 8305 §3). */
  resolutionDelayMs: number;
  /** The family of the first attempt. */
  preferFamily: IpFamily;
  /** The time. */
  clock: Clock;
  /**
   * Starts an attempt, whose failure must be reported by `attemptFailed`. `left` counts this
   * address and the later ones.
   */
  attempt: (address: Candidate, family: IpFamily, left: number) => void;
  /** Called when all lookups and attempts have failed. */
  exhausted: () => void;
}

/**
 * The schedule of RFC 8305 (Happy Eyeballs 2), without any I/O: which address to try, and when. The
 * candidates need not be addresses of two families.
 *
 * Attempts never cancel one another. The first connection wins, and the caller stops the race. A
 * failure starts the next attempt at once. Families alternate (first address family count 1), and
 * late answers join the queues.
 */
export class AddressRace<Candidate = string> {
  readonly #options: AddressRaceOptions<Candidate>;
  /** The number of pending lookups. */
  #lookups = 0;
  readonly #queues: Record<IpFamily, Candidate[]> = { 4: [], 6: [] };
  #lastFamily: IpFamily | undefined;
  #begun = false;
  #running = 0;
  /** Whether the next attempt may start as soon as there is an address. */
  #due = false;
  #timer: unknown;
  #stopped = false;

  constructor(options: AddressRaceOptions<Candidate>) {
    this.#options = options;
  }

  /** Sets the number of lookups; to be called before their answers. */
  expect(lookups: number): void {
    this.#lookups += lookups;
  }

  /** Adds the answer of a lookup; an empty one for a failed lookup. */
  answer(family: IpFamily, addresses: readonly Candidate[]): void {
    this.#lookups--;
    // Not `push(...addresses)`: the number of arguments of a call is limited.
    for (const address of addresses) this.#queues[family].push(address);
    this.#step();
  }

  /** An attempt failed, so the next one need not wait. */
  attemptFailed(): void {
    this.#running--;
    this.#due = true;
    this.#step();
  }

  /** Ends the race: no timer fires and no attempt starts afterwards. */
  stop(): void {
    this.#stopped = true;
    this.#clearTimer();
  }

  #step(): void {
    if (this.#stopped) return;
    if (!this.#begun && !this.#mayBegin()) return;
    if (this.#due && this.#left() > 0) this.#start();
    else if (this.#left() === 0 && this.#running === 0 && this.#lookups === 0) {
      this.stop();
      this.#options.exhausted();
    }
  }

  #mayBegin(): boolean {
    const { preferFamily, attemptDelayMs, resolutionDelayMs } = this.#options;
    if (this.#lookups > 0) {
      // In strict order every address must be known before the first is tried.
      if (attemptDelayMs === false) return false;
      if (this.#queues[preferFamily].length === 0) {
        if (this.#left() > 0 && this.#timer === undefined) {
          this.#setTimer(() => this.#begin(), resolutionDelayMs);
        }
        return false;
      }
    }
    this.#clearTimer();
    return this.#begun = this.#due = true;
  }

  #begin(): void {
    this.#begun = this.#due = true;
    this.#step();
  }

  #start(): void {
    const family = this.#nextFamily();
    const left = this.#left();
    const address = this.#queues[family].shift()!;
    this.#lastFamily = family;
    this.#running++;
    this.#due = false;
    this.#clearTimer();
    const { attemptDelayMs } = this.#options;
    if (attemptDelayMs !== false && (left > 1 || this.#lookups > 0)) {
      this.#setTimer(() => {
        this.#due = true;
        this.#step();
      }, attemptDelayMs);
    }
    this.#options.attempt(address, family, left);
  }

  #nextFamily(): IpFamily {
    const { preferFamily } = this.#options;
    const turn = this.#lastFamily === preferFamily ? other(preferFamily) : preferFamily;
    return this.#queues[turn].length > 0 ? turn : other(turn);
  }

  #left(): number {
    return this.#queues[4].length + this.#queues[6].length;
  }

  #setTimer(callback: () => void, ms: number): void {
    this.#timer = this.#options.clock.setTimer(() => {
      this.#timer = undefined;
      callback();
    }, ms);
  }

  #clearTimer(): void {
    if (this.#timer === undefined) return;
    this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}

function other(family: IpFamily): IpFamily {
  return family === 4 ? 6 : 4;
}
