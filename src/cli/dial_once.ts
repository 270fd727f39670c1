import type { Conn } from "../core/conn.ts";
import { DialError, isDialError } from "../core/dial_error.ts";
import type { DialReport } from "../core/dial_report.ts";
import { onAbort } from "../core/signals.ts";
import type { DialSetup } from "./dial_options.ts";
import { EventReport } from "./event_report.ts";
import { dialTarget, type Target } from "./target.ts";

/** How a dial went. */
export type DialResult =
  | { readonly outcome: "ok"; readonly conn: Conn; readonly report: DialReport }
  | { readonly outcome: "failed"; readonly error: DialError; readonly report: DialReport }
  | { readonly outcome: "aborted"; readonly report: DialReport };

/** Dials within the time limit, until `signal` aborts; the report is there in any case. */
export async function dialOnce(
  target: Target,
  { dialer, timeoutMs }: DialSetup,
  signal: AbortSignal,
): Promise<DialResult> {
  const events = new EventReport();
  const begin = performance.now();
  const controller = new AbortController();
  let givenUp: DialResult | undefined;
  const giveUp = (result: DialResult) => {
    givenUp ??= result;
    controller.abort();
  };
  const interrupt = () => {
    const error = { code: "ABORT_ERR", message: "interrupted" };
    const report = events.report(performance.now() - begin, { outcome: "aborted", error });
    giveUp({ outcome: "aborted", report });
  };
  const unlink = onAbort(signal, interrupt);
  if (signal.aborted) interrupt();
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => {
    const message = `timed out after ${timeoutMs} ms`;
    const open = { outcome: "failed", error: { code: "ETIMEDOUT", message } } as const;
    const report = events.report(performance.now() - begin, open);
    giveUp({ outcome: "failed", error: timeoutError(target, message, report), report });
  }, timeoutMs);
  try {
    const onEvent = events.add.bind(events);
    const conn = await dialTarget(target, dialer, { signal: controller.signal, onEvent });
    return { outcome: "ok", conn, report: conn.report };
  } catch (error) {
    if (givenUp !== undefined) return givenUp;
    if (!isDialError(error)) throw error;
    return { outcome: "failed", error, report: error.report };
  } finally {
    clearTimeout(timer);
    unlink();
  }
}

function timeoutError(target: Target, reason: string, report: DialReport): DialError {
  const phase = report.children.some(({ kind }) => kind !== "lookup") ? "connect" : "resolve";
  const { network, address } = "multiaddr" in target
    ? { network: "tcp" as const, address: target.text }
    : target;
  return new DialError({ code: "ETIMEDOUT", phase, network, address, reason, report });
}
