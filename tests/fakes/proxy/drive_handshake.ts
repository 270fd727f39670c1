import assert from "node:assert/strict";
import type { ProxyCodec, ProxyFailure } from "../../../src/proxy/handshake/proxy_codec.ts";

/** How a handshake went. */
export interface Outcome {
  readonly state: "open" | "done" | "failing" | "failed";
  /** All that the codec wanted sent. */
  readonly sent: string;
  /** What belongs to the tunnel, if it was made. */
  readonly tunnel?: string;
  readonly failure?: ProxyFailure;
  /** How many bytes the codec took before it came to its end. */
  readonly taken: number;
}

/**
 * Feeds a codec. Each chunk is overwritten after use, so that a codec which keeps a view instead of a copy is found out.
 */
export function drive(codec: ProxyCodec, chunks: readonly Uint8Array[], eof = false): Outcome {
  let step = codec.start();
  let sent = "";
  let taken = 0;
  const remember = () => {
    if (step.state === "open" && step.send !== undefined) sent += hex(step.send);
  };
  remember();
  for (const [index, chunk] of chunks.entries()) {
    const lent = Uint8Array.from(chunk);
    step = codec.receive(lent);
    if (step.state === "done") {
      const { leftover } = step;
      lent.fill(0xee);
      const rest = chunks.slice(index + 1).map(hex).join("");
      return {
        state: "done",
        sent,
        tunnel: hex(leftover) + rest,
        taken: taken + chunk.length - leftover.length,
      };
    }
    lent.fill(0xee);
    taken += chunk.length;
    remember();
    if (step.state === "failed") return { state: "failed", sent, failure: step.failure, taken };
  }
  if (eof) step = codec.end();
  return "failure" in step
    ? { state: step.state, sent, failure: step.failure, taken }
    : { state: "open", sent, taken };
}

/**
 * Drives the same bytes whole, in two parts at every place, and byte by byte; all must end the same.
 *
 * @param flights What the proxy sends, each part in answer to something, so that no two come in one chunk.
 */
export function driveEverySplit(
  make: () => ProxyCodec,
  flights: readonly Uint8Array[],
  eof = false,
): Outcome {
  const whole = drive(make(), flights, eof);
  const splits = flights.flatMap((flight, index) =>
    Array.from(flight.keys(), (at) => [
      ...flights.slice(0, index),
      flight.subarray(0, at),
      flight.subarray(at),
      ...flights.slice(index + 1),
    ])
  );
  const bytewise = flights.flatMap((flight) => Array.from(flight, (byte) => Uint8Array.of(byte)));
  for (const chunks of [...splits, bytewise]) {
    const outcome = drive(make(), chunks, eof);
    assert.deepEqual(comparable(outcome), comparable(whole), `chunks ${chunks.map(hex).join(" ")}`);
  }
  return whole;
}

/** An outcome without what may differ between splits: a failure may be certain before a whole chunk was taken. */
export function comparable(
  { taken, ...outcome }: Outcome,
): Omit<Outcome, "taken"> & { taken?: number } {
  return outcome.state === "done" ? { ...outcome, taken } : outcome;
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.replace(/\s+/g, "").match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
