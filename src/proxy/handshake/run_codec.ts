import { systemClock } from "../../dial/clock.ts";
import type { Conn } from "../../core/conn.ts";
import { describeCode, systemErrorCode } from "../../core/error_reason.ts";
import type { Negotiation, NegotiationEnd } from "./negotiation.ts";
import type { CodecStep, ProxyCodec } from "./proxy_codec.ts";

/** How long to wait for the rest of an excerpt once a refusal is certain. */
const excerptMs = 250;

/**
 * Carries the bytes between a codec and a connection until the handshake is over. Does not free the
 * connection, unless it had to be reset to end a read. Once somebody else resets it, this ends as
 * well.
 *
 * @param conn The connection to the proxy.
 * @param handshake What it is about.
 * @param codec The codec that it began.
 * @returns How it ended.
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
      // Not awaited: what the proxy answered may be there although it took no more of what was
      // sent.
      if (step.state === "open" && step.send !== undefined) {
        conn.write(step.send).catch((error) => {
          if (over) return;
          writeError ??= error;
          // A connection of somebody else's may leave the read waiting.
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

/** The connection failed, rather than ended. */
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

/** What a hang-up looks like from here. */
const hangUps: ReadonlySet<string> = new Set(["ECONNABORTED", "ECONNRESET", "EPIPE"]);

/**
 * Whether the proxy, or the way to it, is at fault whatever it was doing: no target makes it
 * unreachable or sends alerts.
 */
function isOfProxy(cause: unknown): boolean {
  const system = systemErrorCode(cause);
  if (system !== undefined) return !hangUps.has(system);
  const { code } = (cause ?? {}) as { code?: unknown };
  // What OpenSSL says of an alert, which on TLS 1.3 is how a proxy turns a client's certificate
  // away; not of a mere end.
  return typeof code === "string" && /^ERR_SSL_(?!UNEXPECTED_EOF)/.test(code);
}
