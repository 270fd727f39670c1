import type { Conn } from "../../core/conn.ts";
import { deriveConn } from "../../conn/derive_conn.ts";
import type { DialError } from "../../core/dial_error.ts";
import { systemErrorCode } from "../../core/error_reason.ts";
import type { RunningDial } from "../../dial/running_dial.ts";
import type { PendingStep } from "../../dial/step_kinds.ts";
import { CredentialsError } from "../handshake/credentials_source.ts";
import type { Negotiation, NegotiationEnd } from "../handshake/negotiation.ts";
import type { ProxyConfig } from "./proxy_config.ts";
import type { ProxyDialTarget } from "./proxy_dial_target.ts";
import { ProxyRefusedError } from "../handshake/proxy_refused_error.ts";
import { prefixHop, type ProxyDialFailure, unreachable } from "./proxy_unreachable.ts";
import { runCodec } from "../handshake/run_codec.ts";

/** In a chain, the requested address may be the next proxy. */
const hangUpHint = ", as some do when they cannot reach what was asked for";

/** Dials a target through a proxy: dials the server, runs the handshake, and returns the tunnel. */
export async function dialThroughProxy(
  dial: RunningDial,
  proxy: ProxyConfig,
  { target, host }: ProxyDialTarget,
): Promise<Conn> {
  const { label: hop } = proxy;
  let at: PendingStep = { hop, phase: "proxy", waiting: "waiting for the credentials" };
  dial.whilePending((inner) => at.phase === "connect" ? pendingAt(at, inner) : at);
  let handshake: Negotiation | undefined = await prepare(dial, proxy, target);
  for (;;) {
    at = { hop, phase: "connect", waiting: "connecting to the proxy", blame: "proxy" };
    const beganMs = dial.clock.now();
    const conn = await connect(dial, proxy);
    let unread: Uint8Array = new Uint8Array(0);
    if (!proxy.connectOnly) {
      const doing: Negotiation = handshake;
      const codec = doing.begin({ conn, durationMs: dial.clock.now() - beganMs });
      const { protocol } = codec;
      dial.whilePending(() => {
        const waiting = "waiting for the proxy's answer";
        return { hop, phase: "proxy", waiting, blame: codec.waitsFor };
      });
      handshake = undefined;
      const unlink = dial.whenOver(() => void doing.ended?.({ state: "aborted" }));
      const start = { type: "handshake-start", protocol, hop: proxy.server.address } as const;
      try {
        unread = await dial.step(start, async (step) => {
          const end = await runCodec(conn, doing, codec);
          if (dial.isOver) throw new Error("the dial is over");
          unlink();
          handshake = doing.ended?.(end);
          if (end.state === "done") return end.leftover;
          conn.reset();
          throw step.error(failureOf(end, proxy));
        });
      } catch (error) {
        if (handshake === undefined) throw error;
        // Repeats the request over another connection.
        dial.whilePending((inner) => pendingAt(at, inner));
        continue;
      }
    }
    const remoteAddr = { transport: "tcp", hostname: host, port: target.port } as const;
    return deriveConn(conn, { unread, remoteAddr, hops: [...conn.hops, conn.remoteAddr] });
  }
}

/**
 * The pending step of the connection to the proxy; the step of an earlier proxy is more precise.
 */
function pendingAt(own: PendingStep, inner: PendingStep | undefined): PendingStep {
  if (inner?.hop === undefined) return own;
  // The target of a proxy within the chain is the next proxy.
  return inner.blame === "target" ? { ...inner, hop: own.hop!, blame: "proxy" } : inner;
}

async function prepare(
  dial: RunningDial,
  proxy: ProxyConfig,
  target: ProxyDialTarget["target"],
): Promise<Negotiation> {
  const { network, address } = dial;
  try {
    return await proxy.handshake(target, {
      network,
      address,
      // Made only for a function that gives credentials.
      get signal() {
        return dial.signal;
      },
    });
  } catch (error) {
    const { message: reason, cause } = error as Error;
    const { chain: via, label: hop } = proxy;
    throw error instanceof CredentialsError
      ? dial.error({ code: "ERR_PROXY_CREDENTIALS", phase: "proxy", via, hop, reason, cause })
      : dial.error({ code: "ERR_DIAL_ADDRESS", phase: "address", via, reason });
  }
}

async function connect(dial: RunningDial, proxy: ProxyConfig): Promise<Conn> {
  const { via, server: { network, address }, chain } = proxy;
  try {
    const conn = await dial.through(via, { network, address });
    dial.keep(conn);
    return conn;
  } catch (thrown) {
    if (dial.isOver) throw thrown;
    throw dial.error({ via: chain, ...unreachable(thrown as DialError, proxy) });
  }
}

function failureOf(
  end: Exclude<NegotiationEnd, { state: "done" }>,
  proxy: ProxyConfig,
): ProxyDialFailure {
  const { label: hop, chain: via } = proxy;
  if (end.state !== "failed") {
    const reason = end.state === "stalled"
      ? `no answer for ${Math.round(end.stallMs)} ms to a handshake sent in one flight`
      : "aborted by the caller";
    return { code: "ETIMEDOUT", phase: "proxy", via, hop, reason: prefixHop(proxy, hop, reason) };
  }
  const { code, blame, reply } = end.failure;
  // Only a closed connection leaves the blame unset.
  const hint = blame === undefined ? hangUpHint : "";
  const cause = end.cause ?? (reply && new ProxyRefusedError(end.failure, reply));
  return {
    ...{ code: systemErrorCode(end.cause) ?? code, phase: "proxy", via, hop },
    blame,
    reason: prefixHop(proxy, hop, `${end.failure.message}${hint}`),
    cause,
  };
}
