import { systemClock } from "../core/clock.ts";
import type { Conn } from "../core/conn.ts";
import { deriveConn } from "../core/derive_conn.ts";
import { DialError, dialFailure } from "../core/dial_error.ts";
import type { DialFailure, DialOutcome } from "../core/dial_report.ts";
import { DialTrace, type TraceNode } from "../core/dial_trace.ts";
import type { DialOptions, Network } from "../core/dialer.ts";
import { systemErrorCode } from "../core/error_reason.ts";
import { onAbort } from "../core/signals.ts";
import { CredentialsError } from "./credentials_source.ts";
import type { Handshake, HandshakeEnd } from "./handshake.ts";
import type { HandshakeCodec } from "./handshake_codec.ts";
import type { ProxyConfig } from "./proxy_config.ts";
import { type ProxyDialTarget, proxyDialTarget } from "./proxy_dial_target.ts";
import { NestedDials } from "./nested_dials.ts";
import { ProxyRefusedError } from "./proxy_refused_error.ts";
import { named, type ProxyDialFailure, unreachable } from "./proxy_unreachable.ts";
import { runHandshake } from "./run_handshake.ts";
import { noteStuck, type StuckAt } from "./stuck_at.ts";

/** What one dial is given. */
export interface ProxyDialInit {
  readonly proxy: ProxyConfig;
  readonly network: Network;
  readonly address: string;
  readonly resolve: (conn: Conn) => void;
  readonly reject: (reason: unknown) => void;
}

/** In a chain what was asked for may be the next proxy. */
const hangUpHint = ", as some do when they cannot reach what was asked for";

const aborted: DialFailure = { code: "ABORT_ERR", message: "aborted by the caller" };

/** One dial through a proxy: dials the server, does the handshake, and gives the tunnel. */
export class ProxyDial {
  readonly #init: ProxyDialInit;
  readonly #signal: AbortSignal | undefined;
  readonly #trace: DialTrace;
  readonly #root: TraceNode;
  readonly #nested: NestedDials;
  /** Ends what is done on behalf of this dial: the credentials, the dial of the server. */
  readonly #controller: AbortController = new AbortController();
  #unlink: () => void = () => {};
  #timer: unknown;
  #stage: "prepare" | "connect" | "handshake" = "prepare";
  /** The connection to the proxy and the handshake over it, while it lasts. */
  #conn: Conn | undefined;
  #handshake: Handshake | undefined;
  #codec: HandshakeCodec | undefined;
  #over = false;

  constructor(init: ProxyDialInit, options: DialOptions) {
    const { network, address, proxy } = init;
    this.#init = init;
    this.#signal = options.signal;
    this.#trace = new DialTrace(options.onEvent);
    this.#root = this.#trace.start(undefined, `${network} ${address}`, {
      type: "dial-start",
      network,
      address,
      via: proxy.chain,
    });
    this.#nested = new NestedDials(this.#trace);
    this.#root.detail = `via ${proxy.chain}`;
  }

  start(): void {
    const { network, address, proxy } = this.#init;
    // A listener of "dial-start" may have aborted already.
    if (this.#signal?.aborted) return this.#abort();
    const target = proxyDialTarget(network, address);
    if ("reason" in target) return this.#fail({ ...target, phase: "address" });
    this.#unlink = onAbort(this.#signal, () => this.#abort());
    if (proxy.timeoutMs !== undefined) {
      this.#timer = systemClock.setTimer(() => this.#timeOut(), proxy.timeoutMs);
    }
    this.#run(target);
  }

  async #run(target: ProxyDialTarget): Promise<void> {
    const { network, address, proxy } = this.#init;
    let handshake: Handshake | undefined;
    try {
      const request = { network, address, signal: this.#controller.signal };
      handshake = await proxy.handshake(target.target, request);
    } catch (error) {
      return this.#failToPrepare(error);
    }
    while (handshake !== undefined && !this.#over) {
      const conn = await this.#connect();
      if (conn === undefined) return;
      if (proxy.connectOnly) return this.#succeed(conn, new Uint8Array(0), target);
      handshake = await this.#shakeHands(conn, handshake, target);
    }
  }

  #failToPrepare(error: unknown): void {
    const { message: reason, cause } = error as Error;
    if (error instanceof CredentialsError) {
      const hop = this.#init.proxy.label;
      this.#fail({ code: "ERR_PROXY_CREDENTIALS", phase: "proxy", hop, reason, cause });
    } else {
      this.#fail({ code: "ERR_DIAL_ADDRESS", phase: "address", reason });
    }
  }

  async #connect(): Promise<Conn | undefined> {
    const { via, server } = this.#init.proxy;
    this.#stage = "connect";
    const nested = this.#nested.begin(this.#root, `${server.network} ${server.address}`);
    let conn: Conn;
    try {
      conn = await via.dialContext(server.network, server.address, {
        signal: this.#controller.signal,
        ...(nested.listener && { onEvent: nested.listener }),
      });
    } catch (thrown) {
      if (this.#over) return;
      nested.failed(thrown);
      return void this.#fail(unreachable(thrown, this.#init.proxy));
    }
    if (this.#over) return void conn.close();
    nested.succeeded(conn);
    return conn;
  }

  /** @returns The handshake to do next, over another connection. */
  async #shakeHands(
    conn: Conn,
    handshake: Handshake,
    target: ProxyDialTarget,
  ): Promise<Handshake | undefined> {
    const { server } = this.#init.proxy;
    this.#stage = "handshake";
    this.#conn = conn;
    this.#handshake = handshake;
    const codec = this.#codec = handshake.begin();
    const { protocol } = codec;
    const node = this.#trace.start(this.#root, `${protocol} ${server.address}`, {
      type: "handshake-start",
      protocol,
      hop: server.address,
    });
    // A listener may abort at any event, also at this one.
    if (this.#over) return;
    const end = await runHandshake(conn, handshake, codec);
    if (this.#over) return;
    this.#handshake = undefined;
    const next = handshake.ended?.(end);
    if (end.state === "done") {
      this.#trace.end(node, "ok");
      if (!this.#over) this.#succeed(conn, end.leftover, target);
      return;
    }
    this.#conn = undefined;
    conn.reset();
    const failure = this.#failureOf(end);
    this.#trace.end(node, "failed", { code: failure.code, message: failure.reason });
    if (this.#over || next !== undefined) return next;
    this.#fail(failure);
  }

  #failureOf(end: Exclude<HandshakeEnd, { state: "done" }>): ProxyDialFailure {
    const { proxy } = this.#init;
    const hop = proxy.label;
    if (end.state !== "failed") {
      const reason = end.state === "stalled"
        ? `no answer for ${end.stallMs} ms to a handshake sent in one flight`
        : aborted.message;
      return { code: "ETIMEDOUT", phase: "proxy", hop, reason: named(proxy, hop, reason) };
    }
    const { code, blame, reply } = end.failure;
    // Nothing else leaves the blame open.
    const hint = blame === undefined ? hangUpHint : "";
    const cause = end.cause ?? (reply && new ProxyRefusedError(end.failure, reply));
    return {
      code: systemErrorCode(end.cause) ?? code,
      phase: "proxy",
      hop,
      ...(blame !== undefined && { blame }),
      reason: named(proxy, hop, `${end.failure.message}${hint}`),
      ...(cause !== undefined && { cause }),
    };
  }

  #succeed(conn: Conn, unread: Uint8Array, { host, target }: ProxyDialTarget): void {
    this.#conn = undefined;
    this.#finish("ok");
    this.#init.resolve(deriveConn(conn, {
      unread,
      remoteAddr: { transport: "tcp", hostname: host, port: target.port },
      hops: [...conn.hops, conn.remoteAddr],
      report: this.#trace,
    }));
  }

  #fail(failure: ProxyDialFailure): void {
    const { network, address, proxy } = this.#init;
    const report = this.#trace.report();
    const error = new DialError({ network, address, via: proxy.chain, ...failure, report });
    this.#finish("failed", dialFailure(error));
    // The report was made with the error, when the dial had not ended yet.
    Object.defineProperty(error, "report", { value: this.#trace.report() });
    this.#init.reject(error);
  }

  #abort(): void {
    const { reason } = this.#signal!;
    this.#giveUp("aborted", aborted, reason);
    this.#init.reject(reason);
  }

  #timeOut(): void {
    const { network, address, proxy } = this.#init;
    const message = `timed out after ${proxy.timeoutMs} ms`;
    const limit = new DOMException(message, "TimeoutError");
    const { waiting, ...at } = this.#giveUp("failed", { code: "ETIMEDOUT", message }, limit);
    this.#init.reject(
      new DialError({
        ...{ code: "ETIMEDOUT", network, address, via: proxy.chain, ...at },
        reason: named(proxy, at.hop, `${message} ${waiting}`),
        cause: limit,
        report: this.#trace.report(),
      }),
    );
  }

  /** Ends a dial in the midst of something. */
  #giveUp(outcome: DialOutcome, failure: DialFailure, reason: unknown): StuckAt {
    // First of all, so that nothing that happens now is taken for a step of this dial.
    this.#over = true;
    this.#unlink();
    // The dials further in end before this one, and note where they are.
    this.#controller.abort(reason);
    const at = noteStuck(
      reason,
      this.#whereabouts(),
      this.#stage === "connect" ? "proxy" : undefined,
    );
    this.#finish(outcome, failure);
    return at;
  }

  #whereabouts(): StuckAt {
    const hop = this.#init.proxy.label;
    if (this.#stage === "prepare") {
      return { hop, phase: "proxy", waiting: "waiting for the credentials" };
    }
    if (this.#stage === "connect") {
      return { hop, phase: "connect", waiting: "connecting to the proxy", blame: "proxy" };
    }
    const blame = this.#codec!.waitsFor;
    return { hop, phase: "proxy", waiting: "waiting for the proxy's answer", blame };
  }

  /** Releases all that the dial holds, and ends every step that is still open. */
  #finish(outcome: DialOutcome, failure?: DialFailure): void {
    this.#over = true;
    this.#unlink();
    if (this.#timer !== undefined) systemClock.clearTimer(this.#timer);
    this.#conn?.reset();
    this.#handshake?.ended?.({ state: "aborted" });
    this.#nested.end();
    this.#trace.end(this.#root, outcome, failure);
  }
}
