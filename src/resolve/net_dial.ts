import type { BaseConn } from "../core/base_conn.ts";
import type { Clock } from "../core/clock.ts";
import type { Conn } from "../core/conn.ts";
import { DialError, dialFailure, type DialPhase } from "../core/dial_error.ts";
import type { DialErrorCode } from "../core/dial_error_code.ts";
import { DialTrace, type TraceNode } from "../core/dial_trace.ts";
import type { DialOptions, Network } from "../core/dialer.ts";
import type { DialFailure, DialOutcome } from "../core/dial_report.ts";
import { reasonOf } from "../core/error_reason.ts";
import { joinHostPort } from "../core/host_port.ts";
import { onAbort } from "../core/signals.ts";
import { AddressRace } from "./address_race.ts";
import { sumUpAttempts } from "./attempt_errors.ts";
import { attemptShareMs } from "./attempt_share.ts";
import type { ConnectFailure, Connector, ConnectRequest } from "./connector.ts";
import { dialTarget } from "./dial_target.ts";
import type { IpFamily } from "./ip_literal.ts";
import { readLookupFailure, usableAddresses } from "./lookup_answer.ts";
import type { NetDialerConfig } from "./net_dialer_options.ts";
import type { Resolver } from "./resolver.ts";
import { isSelfConnected } from "./self_connect.ts";

/** What one dial is given. */
export interface NetDialInit {
  readonly connector: Connector;
  readonly config: NetDialerConfig;
  readonly resolver: Resolver;
  /** Whether a name may go to the runtime, which looks it up itself: not past the user's own resolver. */
  readonly mayDialNames: boolean;
  readonly clock: Clock;
  readonly network: Network;
  readonly address: string;
  readonly resolve: (conn: Conn) => void;
  readonly reject: (reason: unknown) => void;
}

interface Attempt {
  readonly node: TraceNode;
  readonly address: string;
  cancel: () => void;
  limit?: unknown;
  error?: DialError;
}

type NameTarget = Extract<ReturnType<typeof dialTarget>, { kind: "name" }>;

const aborted: DialFailure = { code: "ABORT_ERR", message: "aborted by the caller" };

/** One dial over a runtime's sockets, from the address to the connection or the error. */
export class NetDial {
  readonly #init: NetDialInit;
  readonly #signal: AbortSignal | undefined;
  readonly #trace: DialTrace;
  readonly #root: TraceNode;
  #unlink: () => void = () => {};
  #timer: unknown;
  #race: AddressRace | undefined;
  /** Ends the wait of a resolver that heeds signals; made only where there is a lookup. */
  #lookups: AbortController | undefined;
  readonly #lookupErrors: DialError[] = [];
  readonly #attempts: Attempt[] = [];
  #over = false;

  constructor(init: NetDialInit, options: DialOptions) {
    const { network, address, clock } = init;
    this.#init = init;
    this.#signal = options.signal;
    this.#trace = new DialTrace(options.onEvent, clock.now);
    this.#root = this.#trace.start(undefined, `${network} ${address}`, {
      type: "dial-start",
      network,
      address,
    });
  }

  start(): void {
    const { config, clock, network, address } = this.#init;
    // A listener of "dial-start" may have aborted already.
    if (this.#signal?.aborted) return this.#abort();
    const target = dialTarget(network, address);
    if (!("kind" in target)) return this.#fail(this.#error(target.code, "address", target.reason));
    this.#unlink = onAbort(this.#signal, () => this.#abort());
    if (config.timeoutMs !== undefined) {
      this.#timer = clock.setTimer(() => this.#timeOut(), config.timeoutMs);
    }
    if (target.kind === "unix") return this.#attempt({ path: target.path }, target.path);
    if (target.kind === "name") return this.#lookUp(target);
    if (config.onlyFamily !== undefined && config.onlyFamily !== target.family) {
      const local = config.localAddress[config.onlyFamily];
      return this.#fail(
        this.#error(
          "EADDRNOTAVAIL",
          "connect",
          `the local address ${local} is not IPv${target.family}`,
        ),
      );
    }
    this.#attemptIp(target.host, target.family, target.port);
  }

  #lookUp(target: NameTarget): void {
    const { config, clock } = this.#init;
    const trace = this.#trace;
    const { onlyFamily } = config;
    const families = target.families.filter((family) =>
      onlyFamily === undefined || family === onlyFamily
    );
    if (families.length === 0) {
      const local = config.localAddress[onlyFamily!];
      return this.#fail(
        this.#error(
          "EADDRNOTAVAIL",
          "connect",
          `the local address ${local} is of the wrong family`,
        ),
      );
    }
    const race = this.#race = new AddressRace({
      attemptDelayMs: config.attemptDelayMs,
      resolutionDelayMs: config.resolutionDelayMs,
      preferFamily: config.preferFamily,
      clock,
      attempt: (host, family, left) =>
        this.#attemptIp(host, family, target.port, attemptShareMs(config, trace.elapsedMs(), left)),
      exhausted: () => this.#exhausted(target),
    });
    race.expect(families);
    this.#lookups = new AbortController();
    for (const family of families) {
      // A listener may abort at any event, also at that of the lookup before.
      if (!this.#over) this.#lookUpFamily(target.host, family, race);
    }
  }

  async #lookUpFamily(host: string, family: IpFamily, race: AddressRace): Promise<void> {
    const trace = this.#trace;
    const node = trace.start(this.#root, `${host} IPv${family}`, {
      type: "lookup-start",
      host,
      family,
    });
    if (this.#over) return;
    let addresses: readonly string[] = [];
    try {
      const found = await this.#init.resolver.lookup(host, {
        family,
        signal: this.#lookups!.signal,
      });
      if (this.#over) return;
      addresses = usableAddresses(found, family);
      if (addresses.length === 0) {
        throw Object.assign(new Error("no address"), { code: "ENOTFOUND" });
      }
      trace.end(node, "ok", undefined, { addresses });
    } catch (cause) {
      if (this.#over) return;
      const { code, reason } = readLookupFailure(host, family, cause);
      const error = this.#error(code, "resolve", reason, { cause });
      this.#lookupErrors.push(error);
      trace.end(node, "failed", { code: error.code, message: error.reason });
    }
    race.answer(family, addresses);
  }

  #attemptIp(host: string, family: IpFamily, port: number, limitMs?: number): void {
    const { localAddress, localPort } = this.#init.config;
    const local = localAddress[family];
    const { address } = this.#init;
    const joined = joinHostPort(host, port);
    this.#attempt(
      { family, host, port, localAddress: local, localPort },
      // One string of it is enough.
      joined === address ? address : joined,
      limitMs,
    );
  }

  #attempt(request: ConnectRequest, address: string, limitMs?: number): void {
    const attempt = this.#begin(
      address,
      "localAddress" in request ? request.localAddress : undefined,
    );
    if (this.#over) return this.#trace.end(attempt.node, "aborted", aborted);
    const done = (failure: ConnectFailure | undefined, conn?: BaseConn) => {
      this.#attemptEnded(attempt, failure, conn);
    };
    const cancellable = this.#signal !== undefined || this.#timer !== undefined ||
      this.#race !== undefined;
    attempt.cancel = this.#init.connector.connect(request, done, cancellable);
    if (limitMs !== undefined) {
      attempt.limit = this.#init.clock.setTimer(() => {
        attempt.cancel();
        const reason = `timed out after ${Math.round(limitMs)} ms, its share of the time`;
        this.#attemptEnded(attempt, { code: "ETIMEDOUT", reason, cause: timeoutReason(reason) });
      }, limitMs);
    }
  }

  #begin(address: string, localAddress?: string): Attempt {
    const node = this.#trace.start(
      this.#root,
      address,
      localAddress === undefined
        ? { type: "attempt-start", address }
        : { type: "attempt-start", address, localAddress },
    );
    const attempt: Attempt = { node, address, cancel: () => {} };
    this.#attempts.push(attempt);
    return attempt;
  }

  #attemptEnded(attempt: Attempt, failure: ConnectFailure | undefined, conn?: BaseConn): void {
    if (attempt.limit !== undefined) this.#init.clock.clearTimer(attempt.limit);
    if (this.#over) return conn?.close();
    // Who asks for a local port may have a connection with itself; else it means that nobody listens.
    const isAccident = conn && this.#init.config.localPort === undefined && isSelfConnected(conn);
    if (conn !== undefined && !isAccident) return this.#succeed(attempt, conn);
    conn?.reset();
    const { code, reason, cause } = failure ?? { code: "ECONNREFUSED" };
    const why = reason ?? reasonOf(code) ?? dialFailure(cause).message;
    this.#trace.end(attempt.node, "failed", { code, message: why });
    attempt.error = this.#error(code, "connect", why, {
      cause,
      address: attempt.address,
      node: attempt.node,
    });
    if (this.#race === undefined) this.#failAttempts();
    else this.#race.attemptFailed();
  }

  /** Nothing is left to try. */
  #exhausted(target: NameTarget): void {
    const { connector, config, mayDialNames } = this.#init;
    const denied = [...this.#attempts.map(({ error }) => error), ...this.#lookupErrors]
      .every((error) => error?.code === "EACCES");
    const anyFamily = target.families.length === 2 && config.onlyFamily === undefined;
    if (denied && anyFamily && mayDialNames && connector.connectName !== undefined) {
      this.#attemptName(target);
    } else if (this.#attempts.length > 0) {
      this.#failAttempts();
    } else {
      this.#failLookups(target.host);
    }
  }

  /** The permissions may cover the name, where they cover neither its lookup nor its addresses. */
  #attemptName({ host, port }: NameTarget): void {
    const attempt = this.#begin(joinHostPort(host, port));
    attempt.node.detail = "by name, since neither lookup nor addresses are permitted";
    this.#race = undefined;
    if (this.#over) return;
    attempt.cancel = this.#init.connector.connectName!(host, port, (failure, conn) => {
      this.#attemptEnded(attempt, failure, conn);
    });
  }

  #failLookups(host: string): void {
    const errors = this.#lookupErrors;
    // "No such name" in one family says little when the other family's lookup could not be made at all.
    const telling = errors.find(({ code }) => code !== "ENOTFOUND") ?? errors[0]!;
    const reason = telling.code === "ENOTFOUND" && errors.length > 1
      ? `no such host "${host}"`
      : telling.reason;
    this.#fail(this.#error(telling.code, "resolve", reason, {
      cause: telling.cause,
      ...(errors.length > 1 && { errors }),
    }));
  }

  #failAttempts(): void {
    const { network, address } = this.#init;
    const errors = this.#attempts.flatMap(({ error }) => error ?? []);
    const { code, reason, cause } = sumUpAttempts(errors, network === "unix" ? undefined : address);
    const more = { cause, ...(errors.length > 1 && { errors }) };
    this.#fail(this.#error(code, "connect", reason, more));
  }

  #timeOut(): void {
    const reason = `timed out after ${this.#init.config.timeoutMs} ms`;
    const phase = this.#attempts.length > 0 ? "connect" : "resolve";
    const failure: DialFailure = { code: "ETIMEDOUT", message: reason };
    this.#finish("failed", failure);
    const errors = this.#attempts.flatMap(({ error }) => error ?? []);
    this.#init.reject(this.#error("ETIMEDOUT", phase, reason, {
      cause: timeoutReason(reason),
      ...(errors.length > 0 && { errors }),
    }));
  }

  #abort(): void {
    this.#finish("aborted", aborted);
    this.#init.reject(this.#signal!.reason);
  }

  #fail(error: DialError): void {
    this.#finish("failed", dialFailure(error));
    // The report was made with the error, when the dial had not ended yet.
    Object.defineProperty(error, "report", { value: this.#trace.report() });
    this.#init.reject(error);
  }

  #succeed(winner: Attempt, conn: BaseConn): void {
    this.#trace.end(winner.node, "ok");
    // A listener may abort at any event, also at this one.
    if (this.#over) return conn.close();
    this.#finish("ok");
    // Only the trace: an idle connection would keep all that its dial held.
    conn.setReport(this.#trace);
    this.#init.resolve(conn);
  }

  /** Releases all that the dial holds, and ends every step that is still open. */
  #finish(outcome: DialOutcome, failure?: DialFailure): void {
    this.#over = true;
    this.#unlink();
    this.#race?.stop();
    if (this.#timer !== undefined) this.#init.clock.clearTimer(this.#timer);
    this.#lookups?.abort();
    for (const attempt of this.#attempts) {
      if (attempt.node.outcome !== "pending") continue;
      attempt.cancel();
      if (attempt.limit !== undefined) this.#init.clock.clearTimer(attempt.limit);
    }
    this.#trace.end(this.#root, outcome, failure);
  }

  #error(
    code: DialErrorCode,
    phase: DialPhase,
    reason: string,
    more: { cause?: unknown; errors?: readonly DialError[]; address?: string; node?: TraceNode } =
      {},
  ): DialError {
    const { network, address } = this.#init;
    const { node, ...rest } = more;
    return new DialError({
      code,
      phase,
      network,
      address,
      reason,
      ...rest,
      report: this.#trace.report(node),
    });
  }
}

function timeoutReason(message: string): DOMException {
  return new DOMException(message, "TimeoutError");
}
