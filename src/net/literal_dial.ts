import type { BaseConn } from "../conn/base_conn.ts";
import type { Clock } from "../dial/clock.ts";
import type { Conn } from "../core/conn.ts";
import { DialError, dialFailure } from "../core/dial_error.ts";
import type { ReadDialOptions } from "../core/dial_options.ts";
import { aborted, type DialFailure, type DialOutcome } from "../core/dial_report.ts";
import type { Network } from "../core/addr.ts";
import { describeCode } from "../core/error_reason.ts";
import { onAbort } from "../dial/signals.ts";
import type { DialStep } from "../dial/dial_step.ts";
import { beginDial } from "../dial/step_link.ts";
import type { ConnectFailure, Connector, ConnectRequest } from "./connector.ts";
import { isAccidental } from "./self_connect.ts";

/** The parameters of one dial. */
export interface LiteralDialInit {
  readonly connector: Connector;
  readonly request: ConnectRequest;
  readonly timeoutMs: number | undefined;
  readonly clock: Clock;
  readonly network: Network;
  readonly address: string;
  /** The address in the event of the attempt. */
  readonly attempted: string;
  readonly options: ReadDialOptions;
  readonly resolve: (conn: Conn) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * One dial of a single address. Most dials are of this kind. The general implementation behind
 * `composeDialer` costs half as much again (`npm run bench`), so this one has its own: one attempt,
 * one timer, one listener.
 */
export class LiteralDial {
  readonly #init: LiteralDialInit;
  readonly #root: DialStep;
  #attempt: DialStep | undefined;
  #cancel: () => void = nothing;
  #unlink: () => void = nothing;
  #timer: unknown;
  #over = false;

  constructor(init: LiteralDialInit) {
    const { network, address, clock, options } = init;
    this.#init = init;
    this.#root = beginDial(options.onEvent, clock.now, { type: "dial-start", network, address });
  }

  start(): void {
    const { connector, request, timeoutMs, clock, attempted, options: { signal } } = this.#init;
    // A listener of "dial-start" may have aborted already.
    if (signal?.aborted) return this.#abort();
    this.#unlink = onAbort(signal, () => this.#abort());
    if (timeoutMs !== undefined) this.#timer = clock.setTimer(() => this.#expire(), timeoutMs);
    const localAddress = "localAddress" in request ? request.localAddress : undefined;
    const address = attempted;
    this.#attempt = this.#root.start(
      localAddress === undefined
        ? { type: "attempt-start", address }
        : { type: "attempt-start", address, localAddress },
    );
    // A listener of "attempt-start" may have aborted.
    if (this.#over) return;
    const cancellable = signal !== undefined || timeoutMs !== undefined;
    this.#cancel = connector.connect(request, (failure, conn) => {
      if (this.#over) conn?.close();
      else if (conn === undefined || isAccidental(conn, request)) this.#failed(failure, conn);
      else this.#succeeded(conn);
    }, cancellable);
  }

  #failed(failure: ConnectFailure | undefined, accidental: BaseConn | undefined): void {
    accidental?.reset();
    const { code, reason, cause } = failure ?? { code: "ECONNREFUSED" };
    const why = reason ?? describeCode(code) ?? dialFailure(cause).message;
    this.#attempt!.end("failed", { code, message: why });
    // A listener may abort at any event, also at this one.
    if (!this.#over) this.#fail(this.#error({ code, reason: why, cause }));
  }

  #succeeded(conn: BaseConn): void {
    this.#attempt!.end("ok");
    if (this.#over) return conn.close();
    this.#finish("ok");
    // The steps only: otherwise an idle connection would retain all objects of its dial.
    conn.setReport(this.#root);
    this.#init.resolve(conn);
  }

  #expire(): void {
    const limit = new DOMException(`timed out after ${this.#init.timeoutMs} ms`, "TimeoutError");
    const reason = `${limit.message} ${this.#root.pending().waiting}`;
    this.#over = true;
    this.#root.endWithin("failed", { code: "ETIMEDOUT", message: limit.message });
    this.#fail(this.#error({ code: "ETIMEDOUT", reason, cause: limit }));
  }

  #error(failure: Pick<DialError, "code" | "reason" | "cause">): DialError {
    const { network, address } = this.#init;
    return new DialError({ ...failure, phase: "connect", network, address, report: this.#root });
  }

  #fail(error: DialError): void {
    this.#finish("failed", dialFailure(error));
    this.#init.reject(error);
  }

  #abort(): void {
    this.#finish("aborted", aborted);
    this.#init.reject(this.#init.options.signal!.reason);
  }

  /** Releases all resources of the dial, and ends the open steps. */
  #finish(outcome: DialOutcome, failure?: DialFailure): void {
    this.#over = true;
    this.#unlink();
    if (this.#timer !== undefined) this.#init.clock.clearTimer(this.#timer);
    if (outcome !== "ok") this.#cancel();
    this.#root.end(outcome, failure);
  }
}

function nothing(): void {}
