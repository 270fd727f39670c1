import { systemClock } from "../../dial/clock.ts";
import type { Conn } from "../../core/conn.ts";
import { describeCode, systemErrorCode } from "../../core/error_reason.ts";
import type { Negotiation, NegotiationEnd } from "./negotiation.ts";
import type { CodecStep, ProxyCodec } from "./proxy_codec.ts";

/** Milliseconds to wait for the rest of an excerpt after a refusal. */
const excerptMs = 250;

/**
 * Passes bytes between a codec and a connection until the handshake is over. The connection stays
 * open, unless a reset was needed to end a read. A reset by the caller ends the handshake.
 *
 * @param conn The connection to the proxy.
 * @param handshake The handshake, for its limits.
 * @param codec The codec from `handshake.begin`.
 * @returns The result of the handshake.
 */
export async function runCodec(
  conn: Conn,
  handshake: Negotiation,
  codec: ProxyCodec,
): Promise<NegotiationEnd> {
  let buffer = new Uint8Array(0);
  let timer: unknown;
  let stalledMs: number | undefined;
  let writeError: unknown;
  let cutOff = false;
  let over = false;
  const resetAfter = (ms: number, before?: () => void) => {
    timer = systemClock.setTimer(() => {
      before?.();
      conn.reset();
    }, ms);
  };
  try {
    let step: CodecStep = codec.start();
    while (step.state === "open" || step.state === "failing") {
      // Not awaited: the proxy may have answered although it stopped reading.
      if (step.state === "open" && step.send !== undefined) {
        conn.write(step.send).catch((error) => {
          if (over) return;
          writeError ??= error;
          // The read of a foreign connection may stay pending after a failed write.
          systemClock.clearTimer(timer);
          resetAfter(excerptMs, () => cutOff = true);
        });
      }
      if (step.state === "failing") {
        if (timer === undefined) resetAfter(excerptMs);
      } else if (timer === undefined) {
        const stallMs = handshake.stallMs?.();
        if (stallMs !== undefined) resetAfter(stallMs, () => stalledMs = stallMs);
      }
      if (buffer.byteLength < codec.readBytes) buffer = new Uint8Array(codec.readBytes);
      let count: number | null;
      try {
        count = await conn.read(buffer.subarray(0, codec.readBytes));
      } catch (error) {
        if (stalledMs !== undefined) return { state: "stalled", stallMs: stalledMs };
        return step.state === "failing"
          ? codec.end()
          : brokenOff(codec, cutOff ? writeError : error);
      }
      if (count === null) {
        return writeError === undefined ? codec.end() : brokenOff(codec, writeError);
      }
      if (timer !== undefined && step.state === "open") {
        systemClock.clearTimer(timer);
        timer = undefined;
      }
      step = codec.receive(buffer.subarray(0, count));
    }
    return step;
  } finally {
    over = true;
    if (timer !== undefined) systemClock.clearTimer(timer);
  }
}

/** Makes the result of a connection that failed instead of ending. */
function brokenOff(codec: ProxyCodec, cause: unknown): NegotiationEnd {
  const { state, failure: closed } = codec.end();
  const failure = isOfProxy(cause) ? { ...closed, blame: "proxy" as const } : closed;
  const code = systemErrorCode(cause);
  if (code === undefined) return { state, failure, cause };
  const message = failure.message.replace(
    "closed the connection",
    `broke off (${describeCode(code)})`,
  );
  return { state, failure: { ...failure, message }, cause };
}

/** Errors that a peer causes by closing the connection. */
const hangUps: ReadonlySet<string> = new Set(["ECONNABORTED", "ECONNRESET", "EPIPE"]);

/**
 * Whether the proxy or the route to it is at fault in any stage: a target cannot make the proxy
 * unreachable or cause TLS alerts.
 */
function isOfProxy(cause: unknown): boolean {
  const system = systemErrorCode(cause);
  if (system !== undefined) return !hangUps.has(system);
  const { code } = (cause ?? {}) as { code?: unknown };
  // OpenSSL's code for an alert, with which a TLS 1.3 proxy rejects a client certificate; not the
  // code for an unexpected end.
  return typeof code === "string" && /^ERR_SSL_(?!UNEXPECTED_EOF)/.test(code);
}
