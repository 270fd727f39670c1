import type { Conn } from "../core/conn.ts";
import type { DialError } from "../core/dial_error.ts";
import type { ContextDialer } from "../core/dialer.ts";
import type { Dial, DialScope, ThroughChange } from "./dial.ts";
import type { DialStep } from "./dial_step.ts";
import type { StepPoint, StepStart } from "../core/dial_event.ts";

/** The failure, as a parameter of {@linkcode Dial.error}. */
export type Failure = Parameters<Dial["error"]>[0];

/** The operations of a dial for its scopes. */
export interface DialLife {
  /** Dials through another dialer, within a step. */
  dialWithin(step: DialStep, dialer: ContextDialer, change?: ThroughChange): Promise<Conn>;
  /** Runs a step within another. */
  stepWithin<T>(
    step: DialStep,
    start: StepStart,
    run: (step: DialScope) => Promise<T>,
    end?: (result: T) => object,
  ): Promise<T>;
  /** Waits, as a step within another. */
  waitWithin(step: DialStep, ms: number, why: string): Promise<void>;
  /** Makes the error of the dial with the report of a step. */
  makeError(step: DialStep, failure: Failure): DialError;
}

/** The operations within a dial, or within one of its steps. */
export abstract class Scope implements DialScope {
  protected abstract readonly life: DialLife;
  protected abstract readonly at: DialStep;

  through(dialer: ContextDialer, change?: ThroughChange): Promise<Conn> {
    return this.life.dialWithin(this.at, dialer, change);
  }

  step<T>(
    start: StepStart,
    run: (step: DialScope) => Promise<T>,
    end?: (result: T) => object,
  ): Promise<T> {
    return this.life.stepWithin(this.at, start, run, end);
  }

  note(point: StepPoint): void {
    this.at.note(point);
  }

  wait(ms: number, why: string): Promise<void> {
    return this.life.waitWithin(this.at, ms, why);
  }

  error(failure: Failure): DialError {
    return this.life.makeError(this.at, failure);
  }

  whilePending(describe: Parameters<DialScope["whilePending"]>[0]): void {
    this.at.describePending(describe);
  }
}

/** One pending step of a dial. */
export class StepScope extends Scope {
  protected readonly life: DialLife;
  protected readonly at: DialStep;

  constructor(life: DialLife, at: DialStep) {
    super();
    this.life = life;
    this.at = at;
  }
}
