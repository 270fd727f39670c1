import type { Conn } from "../core/conn.ts";
import type { DialError, DialErrorInit } from "../core/dial_error.ts";
import type { Network } from "../core/addr.ts";
import type { ContextDialer, DialOptions, Multiaddr } from "../core/dialer.ts";
import type { PendingStep } from "./step_kinds.ts";
import type { StepPoint, StepStart } from "../core/dial_event.ts";

/** The parts of an inner dial that differ from the outer dial. */
export interface ThroughChange extends Pick<DialOptions, "signal" | "onEvent"> {
  /**
   * The network to dial.
   *
   * @default The dial's own network.
   */
  network?: Network;
  /**
   * The address to dial.
   *
   * @default The dial's own address.
   */
  address?: string;
  /**
   * The multiaddr to dial.
   *
   * @default The dial's own, unless network or address differ.
   */
  remoteMultiaddr?: Multiaddr;
}

/** The operations within a dial, or within one of its steps. */
export interface DialScope {
  /**
   * Dials through another dialer of any origin. Its steps and its report become part of this
   * dial's. Its failures are thrown as `DialError`. A connection needs `read`, `write` and `close`;
   * other missing members are added.
   *
   * The inner dial has its own signal. It aborts when the outer dial fails or is aborted, and when
   * the connection is neither returned nor kept. A connection that arrives later is closed.
   *
   * @param dialer The dialer.
   * @param change The differences from this dial.
   * @returns The connection.
   * @throws {DialError} If the dial failed.
   * @throws `change.signal.reason`, as it is, if that signal aborts before the dial has connected.
   */
  through(dialer: ContextDialer, change?: ThroughChange): Promise<Conn>;
  /**
   * Runs a step, which appears in the events and the report. It ends as `ok` or `failed` with
   * `run`, as `lost` where the dial succeeded without it, and as `aborted` where the caller
   * aborted.
   *
   * @param start The event that begins it.
   * @param run The work; may run inner steps.
   * @param end More properties of the end event, such as the addresses of a lookup.
   * @returns The result of `run`.
   * @throws The error of `run`, or the reason for which the dial has ended.
   */
  step<T>(
    start: StepStart,
    run: (step: DialScope) => Promise<T>,
    end?: (result: T) => object,
  ): Promise<T>;
  /**
   * Records an event without duration, such as a choice.
   *
   * @param point The event.
   */
  note(point: StepPoint): void;
  /**
   * Waits, as a step of the kind `wait`. Ends at once when the dial ends.
   *
   * @param ms The duration in milliseconds.
   * @param why The purpose, as in `waiting …`.
   * @throws {RangeError} If `ms` is no number from 0 to 2³¹ − 1.
   */
  wait(ms: number, why: string): Promise<void>;
  /**
   * Makes the `DialError` of this dial, or of a step of it.
   *
   * @param failure Code, phase and reason at least.
   * @returns The error, to be thrown.
   */
  error(
    failure: Omit<DialErrorInit, "network" | "address" | "report"> & Partial<DialErrorInit>,
  ): DialError;
  /**
   * Describes the pending step while this scope is open, for the error of a time limit. By default
   * the innermost open step is described.
   *
   * @param describe Called when a limit runs out, with the description of the inner steps, if there
   * are any.
   */
  whilePending(describe: (inner: PendingStep | undefined) => PendingStep): void;
}

/** One dial, from the call to the connection or the error: the operations of a dialer within it. */
export interface Dial extends DialScope {
  /** The requested network. */
  readonly network: Network;
  /** The requested address. */
  readonly address: string;
  /** The multiaddr of this dial, if it has one. */
  readonly remoteMultiaddr: Multiaddr | undefined;
  /**
   * Aborts with the caller's signal, with a limit of this dial, and when it fails; never on
   * success.
   */
  readonly signal: AbortSignal;
  /**
   * Limits the remaining time of the dial; of several limits the earliest applies. A limit that
   * runs out is a `DialError` with the code `ETIMEDOUT`, in the current phase of the dial.
   *
   * @param ms The time in milliseconds.
   * @throws {RangeError} If `ms` is no number above 0, or above 2³¹ − 1.
   */
  limit(ms: number): void;
  /**
   * Declares that the returned connection carries another one, as with TLS and tunnels. The carried
   * connection stays open, unless the dial fails.
   *
   * @param conn A connection from {@linkcode Dial.through}.
   */
  keep(conn: Conn): void;
}
