import type { Conn } from "../../core/conn.ts";
import { type DialError, isDialError } from "../../core/dial_error.ts";
import type { DialReport } from "../../core/dial_report.ts";
import type { DialOptions } from "../../core/dialer.ts";
import { makeDialer } from "../../dial/compose_dialer.ts";
import { recordDial } from "../../dial/step_link.ts";
import { startMultiaddrDial } from "../../multiaddr/dial_multiaddr.ts";
import type { DialSetup } from "../dial_options.ts";
import type { Target } from "../target.ts";

/** The result of a dial. */
export type DialResult =
  | { readonly outcome: "ok"; readonly conn: Conn; readonly report: DialReport }
  | { readonly outcome: "failed"; readonly error: DialError; readonly report: DialReport }
  | { readonly outcome: "aborted"; readonly report: DialReport };

/** Dials within the time limit, until `signal` aborts. The result always has a report. */
export async function dialOnce(
  target: Target,
  setup: DialSetup,
  signal: AbortSignal,
): Promise<DialResult> {
  const record = recordDial();
  try {
    const conn = await dialWithin(target, setup, { signal, onEvent: record.onEvent });
    return { outcome: "ok", conn, report: conn.report };
  } catch (error) {
    if (signal.aborted) return { outcome: "aborted", report: record.report(target.text) };
    if (!isDialError(error)) throw error;
    return { outcome: "failed", error, report: error.report };
  }
}

function dialWithin(
  target: Target,
  { dialer, timeoutMs }: DialSetup,
  options: Required<Pick<DialOptions, "signal" | "onEvent">>,
): Promise<Conn> {
  if ("multiaddr" in target) {
    return startMultiaddrDial(dialer, target.multiaddr, options, { timeoutMs });
  }
  const limited = makeDialer({
    ...{ name: "timeout", over: dialer },
    run(dial) {
      if (timeoutMs !== undefined) dial.limit(timeoutMs);
      return dial.pass(dialer);
    },
  });
  return limited.dialContext(target.network, target.address, options);
}
