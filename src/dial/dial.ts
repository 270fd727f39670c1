import type { Conn } from "../core/conn.ts";
import type { DialError, DialErrorInit } from "../core/dial_error.ts";
import type { Network } from "../core/addr.ts";
import type { ContextDialer, DialOptions, Multiaddr } from "../core/dialer.ts";
import type { PendingStep } from "./step_kinds.ts";
import type { StepPoint, StepStart } from "../core/dial_event.ts";

/** What a dial within a dial has that is different from the dial's own. */
export interface ThroughChange extends Pick<DialOptions, "signal" | "onEvent"> {
  /**
   * What to dial over.
   *
   * @default The dial's own network.
   */
  network?: Network;
  /**
   * What to dial.
   *
   * @default The dial's own address.
   */
  address?: string;
  /**
   * The multiaddr that is dialed.
   *
   * @default The dial's own, unless network or address are others.
   */
  remoteMultiaddr?: Multiaddr;
}

/** What can be done within a dial, or within one of its steps. */
export interface DialScope {
  /**
   * Dials through another dialer, anybody's: its steps and its report become part of this dial's.
   * What it throws is a `DialError` here; a connection that lacks more than `read`, `write` and
   * `close` is completed.
   *
   * It has a signal of its own, which aborts when the dial fails or is aborted, and also when its
   * connection is neither returned nor kept. A connection that comes after that is closed.
   *
   * @param dialer The dialer.
   * @param change What is different from this dial.
   * @returns The connection.
   * @throws {DialError} If the dial failed.
   * @throws `change.signal.reason`, as it is, if that aborts before the connection is there.
   */
  through(dialer: ContextDialer, change?: ThroughChange): Promise<Conn>;
  /**
   * Takes a step: tells of it as events, and keeps it in the report. It ends as `ok` or `failed`
   * with `run`, as `lost` where the dial went well without it, and as `aborted` where the caller
   * gave up.
   *
   * @param start The event that begins it.
   * @param run What is done; may take further steps.
   * @param end What the event of its end says besides, such as the addresses that a lookup found.
   * @returns What `run` gives.
   * @throws What `run` throws, or the reason for which the dial is over.
   */
  step<T>(
    start: StepStart,
    run: (step: DialScope) => Promise<T>,
    end?: (result: T) => object,
  ): Promise<T>;
  /**
   * Takes note of something that has no duration, such as a choice.
   *
   * @param point The event.
   */
  note(point: StepPoint): void;
  /**
   * Waits, as a step of the kind `wait`. Ends at once when the dial does.
   *
   * @param ms How long, in milliseconds.
   * @param why What for, as in `waiting …`.
   * @throws {RangeError} If `ms` is no number from 0 to 2³¹ − 1.
   */
  wait(ms: number, why: string): Promise<void>;
  /**
   * Makes the `DialError` of this dial, or of a step of it.
   *
   * @param failure What went wrong: code, phase and reason at least.
   * @returns The error, to be thrown.
   */
  error(
    failure: Omit<DialErrorInit, "network" | "address" | "report"> & Partial<DialErrorInit>,
  ): DialError;
  /**
   * Says what the dial waits for while this is open, for the error of a time limit. Without it the
   * innermost open step says so itself.
   *
   * @param describe Called when a limit runs out, with what the steps further in say, if there are
   *   any.
   */
  whilePending(describe: (inner: PendingStep | undefined) => PendingStep): void;
}

/** One dial, from the call to the connection or the error: what a dialer may do within it. */
export interface Dial extends DialScope {
  /** The network asked for. */
  readonly network: Network;
  /** The address asked for. */
  readonly address: string;
  /** The multiaddr that this dial is for, if it is for one. */
  readonly remoteMultiaddr: Multiaddr | undefined;
  /**
   * Aborts with the caller's signal, with a limit of this dial, and when it fails; never because
   * the dial went well.
   */
  readonly signal: AbortSignal;
  /**
   * Limits the dial from now on; of several limits the one that ends first holds. Running out is a
   * `DialError` with the code `ETIMEDOUT`, in the phase that the dial is in then.
   *
   * @param ms The time in milliseconds.
   * @throws {RangeError} If `ms` is no number above 0, or above 2³¹ − 1.
   */
  limit(ms: number): void;
  /**
   * Says that the connection which the dial will give carries another one, as those in TLS and in
   * tunnels do: it is left alone, unless the dial fails.
   *
   * @param conn A connection that {@linkcode Dial.through} gave.
   */
  keep(conn: Conn): void;
}
