import type { Conn } from "../core/conn.ts";
import { dialFailure, isDialError } from "../core/dial_error.ts";
import { aborted, type DialReport, type ReportSource } from "../core/dial_report.ts";
import { discardConn } from "../conn/foreign_conn.ts";
import type { OwnConn } from "../conn/own_conn.ts";
import { onAbort } from "./signals.ts";

import type { StepStart } from "../core/dial_event.ts";
import type { StepLink } from "./step_link.ts";

/** The callbacks of a {@linkcode ChildDial}. */
export interface ChildDialInit {
  /** Dials; may throw, or return any value. */
  readonly dial: () => unknown;
  /** The step, for a dialer that reports no events. */
  readonly begun: StepStart;
  /** Makes a connection of the dialer's result; throws if it is none. */
  readonly answered: (answer: unknown) => OwnConn;
  readonly connected: (conn: Conn) => void;
  /** Makes an error of a thrown value. */
  readonly failed: (thrown: unknown) => Error;
  readonly rejected: (reason: unknown) => void;
}

/** A dial within a dial, through any dialer. */
export class ChildDial {
  readonly #link: StepLink;
  readonly #extra: AbortSignal | undefined;
  readonly #controller: AbortController = new AbortController();
  #state: "dialing" | "connected" | "over" = "dialing";
  #unlink: () => void = () => {};
  #rejected: (reason: unknown) => void = () => {};
  /** The connection, once established. */
  conn: OwnConn | undefined;
  /** Whether the connection returned by the outer dial carries this one. */
  kept = false;

  /**
   * @param link Attaches its steps to the outer dial.
   * @param extra An additional signal for this dial alone.
   */
  constructor(link: StepLink, extra: AbortSignal | undefined) {
    this.#link = link;
    this.#extra = extra;
  }

  /**
   * Governs the dial, and aborts later if its connection is not used, because the connection may
   * depend on the signal.
   */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  start(init: ChildDialInit): void {
    this.#rejected = init.rejected;
    this.#unlink = onAbort(this.#extra, () => this.giveUp(this.#extra!.reason));
    let dialing: Promise<unknown>;
    try {
      dialing = Promise.resolve(init.dial());
    } catch (error) {
      dialing = Promise.reject(error);
    }
    dialing.then((answer) => this.#answered(answer, init), (thrown) => this.#failed(thrown, init));
    this.#link.expect(init.begun);
  }

  #answered(answer: unknown, init: ChildDialInit): void {
    if (this.#state !== "dialing") return discardConn(answer);
    let conn: OwnConn;
    try {
      conn = init.answered(answer);
    } catch (error) {
      discardConn(answer);
      return this.#failed(error, init);
    }
    this.#unlink();
    this.#state = "connected";
    this.conn = conn;
    this.#link.settle("ok", undefined, conn.reportSource);
    // A listener may abort at any event; the connection was reset then.
    if (this.#isOver) return;
    init.connected(conn);
  }

  get #isOver(): boolean {
    return this.#state === "over";
  }

  #failed(thrown: unknown, init: ChildDialInit): void {
    if (this.#state !== "dialing") return;
    this.#unlink();
    const error = init.failed(thrown);
    this.#link.settle("failed", dialFailure(error), reportSourceOf(thrown));
    if (this.#isOver) return;
    this.#state = "over";
    init.rejected(error);
  }

  /** Ends the dial, or resets its connection. */
  giveUp(reason: unknown): void {
    if (this.#isOver) return;
    this.#state = "over";
    this.#unlink();
    this.#link.settle("aborted", aborted);
    this.#controller.abort(reason);
    this.conn?.reset();
    // Also when a listener ends the dial after the connection and before the end of `through`.
    this.#rejected(reason);
  }
}

function reportSourceOf(thrown: unknown): ReportSource | undefined {
  if (!isDialError(thrown)) return undefined;
  return { report: (): DialReport => thrown.report };
}
