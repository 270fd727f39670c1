import type { Conn } from "../core/conn.ts";
import { dialFailure, isDialError } from "../core/dial_error.ts";
import { aborted, type DialReport, type ReportSource } from "../core/dial_report.ts";
import { discardConn } from "../conn/foreign_conn.ts";
import type { OwnConn } from "../conn/own_conn.ts";
import { onAbort } from "./signals.ts";

import type { StepStart } from "../core/dial_event.ts";
import type { StepLink } from "./step_link.ts";

/** What an {@linkcode ChildDial} is to do, and whom it tells. */
export interface ChildDialInit {
  /** Dials; may throw, or answer anything. */
  readonly dial: () => unknown;
  /** The step, for a dialer that does not tell of its own. */
  readonly begun: StepStart;
  /** Makes a connection of what was answered; throws if it is none. */
  readonly answered: (answer: unknown) => OwnConn;
  readonly connected: (conn: Conn) => void;
  /** Makes an error of what was thrown. */
  readonly failed: (thrown: unknown) => Error;
  readonly rejected: (reason: unknown) => void;
}

/** A dial within a dial, through anybody's dialer. */
export class ChildDial {
  readonly #link: StepLink;
  readonly #extra: AbortSignal | undefined;
  readonly #controller: AbortController = new AbortController();
  #state: "dialing" | "connected" | "over" = "dialing";
  #unlink: () => void = () => {};
  #rejected: (reason: unknown) => void = () => {};
  /** The connection, once it is there. */
  conn: OwnConn | undefined;
  /** Whether it is carried by the connection that the dial will give. */
  kept = false;

  /**
   * @param link What makes its steps those of the dial.
   * @param extra What may end this dial alone.
   */
  constructor(link: StepLink, extra: AbortSignal | undefined) {
    this.#link = link;
    this.#extra = extra;
  }

  /**
   * Governs the dial, and aborts later if its connection is not used: it may be tied to the socket.
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
    // A listener may abort at any event, and then the connection was reset.
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
    // Also where a listener ends the dial between the connection and the end of `through`.
    this.#rejected(reason);
  }
}

function reportSourceOf(thrown: unknown): ReportSource | undefined {
  if (!isDialError(thrown)) return undefined;
  return { report: (): DialReport => thrown.report };
}
