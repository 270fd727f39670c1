import assert from "node:assert/strict";
import type { Conn } from "../core/conn.ts";
import type { DialEvent } from "../core/dial_event.ts";
import type { DialOptions } from "../core/dialer.ts";
import { WatchedSignal } from "./watched_signal.ts";

/** One dial of a series, whose signal was aborted from within one of its events. */
export interface AbortedDial {
  /** The number of the event, from 1. */
  readonly at: number;
  /** The reason of the abort. */
  readonly reason: Error;
  /** All events of the dial. */
  readonly events: readonly DialEvent[];
  /** Whether the event was the last one, which had decided the dial. */
  readonly ended: boolean;
  /** The rejection of the dial; `undefined` for a connection, which is closed. */
  readonly outcome: unknown;
}

/**
 * Dials repeatedly, aborted from within the first event, then the second one, and so on until the
 * last. Checks that no dial leaves a listener on its signal.
 *
 * @param dial Dials with the given signal and listener.
 * @param check Checks the outcome of each dial.
 * @param mostEvents The limit for the number of events.
 */
export async function abortAtEvents(
  dial: (options: DialOptions) => Promise<Conn>,
  check: (dial: AbortedDial) => void,
  mostEvents = 100,
): Promise<void> {
  for (let at = 1, ended = false; !ended; at++) {
    assert.ok(at <= mostEvents, "a dial has a last event");
    const watched = new WatchedSignal();
    const reason = new Error(`at event ${at}`);
    const events: DialEvent[] = [];
    const dialing = dial({
      signal: watched.signal,
      onEvent(event) {
        events.push(event);
        if (events.length !== at) return;
        ended = event.type === "dial-end" && event.parent === undefined;
        watched.abort(reason);
      },
    });
    const outcome = await dialing.then((conn) => conn.close(), (error) => error);
    check({ at, reason, events, ended, outcome });
    assert.equal(watched.listeners, 0, `at event ${at}`);
  }
}
