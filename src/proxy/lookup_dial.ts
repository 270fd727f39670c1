import { systemClock } from "../core/clock.ts";
import type { Conn } from "../core/conn.ts";
import { deriveConn } from "../core/derive_conn.ts";
import { DialError, dialFailure } from "../core/dial_error.ts";
import type { DialFailure, DialOutcome } from "../core/dial_report.ts";
import { DialTrace, type TraceNode } from "../core/dial_trace.ts";
import type { DialOptions } from "../core/dialer.ts";
import { joinHostPort } from "../core/host_port.ts";
import { onAbort } from "../core/signals.ts";
import { AddressRace } from "../resolve/address_race.ts";
import type { IpFamily } from "../resolve/ip_literal.ts";
import { readLookupFailure, usableAddresses } from "../resolve/lookup_answer.ts";
import type { Resolver } from "../resolve/resolver.ts";
import { NestedDials } from "./nested_dials.ts";
import { ProxyDial, type ProxyDialInit } from "./proxy_dial.ts";
import type { ProxyDialTarget } from "./proxy_dial_target.ts";
import { hungUp, named, type ProxyDialFailure } from "./proxy_unreachable.ts";
import { noteStuck, type StuckAt } from "./stuck_at.ts";

/** What one dial of a name is given. */
export interface LookupDialInit extends ProxyDialInit {
  readonly resolver: Resolver;
  /** The families that the proxy can reach. */
  readonly families: readonly IpFamily[];
  readonly asked: ProxyDialTarget;
}

interface Attempt {
  readonly node: TraceNode;
  readonly controller: AbortController;
}

/**
 * Milliseconds from one address to the next while none has failed. Longer than between direct attempts (RFC 8305 §5), for a
 * handshake takes some round trips before the proxy even begins.
 */
const attemptDelayMs = 1_000;

const aborted: DialFailure = { code: "ABORT_ERR", message: "aborted by the caller" };

/** One dial of a name that is looked up here: a proxy is asked for the addresses, like a happy-eyeballs dialer would. */
export class LookupDial {
  readonly #init: LookupDialInit;
  readonly #signal: AbortSignal | undefined;
  readonly #trace: DialTrace;
  readonly #root: TraceNode;
  readonly #nested: NestedDials;
  readonly #lookups: AbortController = new AbortController();
  readonly #attempts = new Set<Attempt>();
  readonly #errors: DialError[] = [];
  readonly #lookupErrors: DialError[] = [];
  #race: AddressRace | undefined;
  #unlink: () => void = () => {};
  #timer: unknown;
  #over = false;

  constructor(init: LookupDialInit, options: DialOptions) {
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
    const { network, proxy, asked: { target: { host, port } } } = this.#init;
    // A listener of "dial-start" may have aborted already.
    if (this.#signal?.aborted) return this.#abort();
    if (/\.onion\.?$/i.test(host)) {
      // RFC 7686 §2: whoever sees the lookup learns what was meant to be hidden.
      const reason = `"${host}" must not be looked up here, only by the proxy`;
      return this.#fail({ code: "ERR_DIAL_ADDRESS", phase: "address", reason });
    }
    this.#unlink = onAbort(this.#signal, () => this.#abort());
    if (proxy.timeoutMs !== undefined) {
      this.#timer = systemClock.setTimer(() => this.#timeOut(), proxy.timeoutMs);
    }
    const wanted = network === "tcp4" ? [4] : network === "tcp6" ? [6] : [6, 4];
    const families = this.#init.families.filter((family) => wanted.includes(family));
    if (families.length === 0) {
      const reason = `${proxy.label} reaches no IPv6 addresses`;
      return this.#fail({ code: "ERR_DIAL_ADDRESS", phase: "address", reason });
    }
    const race = this.#race = new AddressRace({
      attemptDelayMs,
      resolutionDelayMs: 50,
      preferFamily: 6,
      clock: systemClock,
      attempt: (ip, family) => void this.#attempt(joinHostPort(ip, port), family, race),
      exhausted: () => this.#exhausted(),
    });
    race.expect(families);
    for (const family of families) {
      // A listener may abort at any event, also at that of the lookup before.
      if (!this.#over) this.#lookUp(family, race);
    }
  }

  async #lookUp(family: IpFamily, race: AddressRace): Promise<void> {
    const { asked: { target: { host } }, resolver } = this.#init;
    const trace = this.#trace;
    const node = trace.start(this.#root, `${host} IPv${family}`, {
      type: "lookup-start",
      host,
      family,
    });
    if (this.#over) return;
    let addresses: readonly string[] = [];
    try {
      const found = await resolver.lookup(host, { family, signal: this.#lookups.signal });
      if (this.#over) return;
      addresses = usableAddresses(found, family);
      if (addresses.length === 0) {
        throw Object.assign(new Error("no address"), { code: "ENOTFOUND" });
      }
      trace.end(node, "ok", undefined, { addresses });
    } catch (cause) {
      if (this.#over) return;
      const error = this.#lookupError(family, cause);
      this.#lookupErrors.push(error);
      trace.end(node, "failed", dialFailure(error));
    }
    if (!this.#over) race.answer(family, addresses);
  }

  #lookupError(family: IpFamily, cause: unknown): DialError {
    const { code, reason } = readLookupFailure(this.#init.asked.host, family, cause);
    return this.#error({
      ...{ code, phase: "resolve", reason, cause },
      ...(code === "ENOTFOUND" && { blame: "target" }),
    });
  }

  async #attempt(address: string, family: IpFamily, race: AddressRace): Promise<void> {
    const { proxy } = this.#init;
    const node = this.#trace.start(this.#root, address, { type: "attempt-start", address });
    if (this.#over) return;
    const attempt: Attempt = { node, controller: new AbortController() };
    this.#attempts.add(attempt);
    const nested = this.#nested.begin(node, address);
    let conn: Conn;
    try {
      conn = await new Promise<Conn>((resolve, reject) => {
        const network = family === 4 ? "tcp4" : "tcp6";
        // One limit over all attempts.
        const init = {
          proxy: { ...proxy, timeoutMs: undefined },
          network,
          address,
          resolve,
          reject,
        } as const;
        new ProxyDial(init, {
          signal: attempt.controller.signal,
          ...(nested.listener && { onEvent: nested.listener }),
        }).start();
      });
    } catch (thrown) {
      if (this.#over) return;
      this.#attempts.delete(attempt);
      const error = thrown as DialError;
      nested.failed(error);
      this.#trace.end(node, "failed", { code: error.code, message: error.reason });
      this.#errors.push(error);
      if (this.#over) return;
      // Another address makes a proxy no better, but one that hung up may have done so for this address.
      const next = error.blame === "target" || error.phase === "address" || hungUp(error);
      if (next) race.attemptFailed();
      else this.#fail(error);
      return;
    }
    if (this.#over) return conn.close();
    this.#attempts.delete(attempt);
    nested.succeeded(conn);
    this.#trace.end(node, "ok");
    if (this.#over) conn.close();
    else this.#succeed(conn);
  }

  #exhausted(): void {
    if (this.#errors.length === 0) return this.#failLookups();
    const { proxy } = this.#init;
    const [first] = this.#errors;
    const { code, phase, hop, cause } = first!;
    // If it hung up for one address, nobody can tell whether all are down.
    const blame = this.#errors.some(hungUp) ? undefined : first!.blame;
    const bare = ({ address, reason }: DialError) =>
      `${address}: ${reason.startsWith(`${hop}: `) ? reason.slice(hop!.length + 2) : reason}`;
    const errors = this.#errors;
    if (errors.length === 1) {
      const reason = named(proxy, proxy.label, bare(first!));
      return this.#fail({ code, phase, hop, blame, cause, reason });
    }
    const listed = errors.slice(0, 4).map(bare).join(", ");
    const more = errors.length > 4 ? `, and ${errors.length - 4} more` : "";
    const reason = named(
      proxy,
      proxy.label,
      `all ${errors.length} addresses failed: ${listed}${more}`,
    );
    this.#fail({ code, phase, hop, blame, cause, reason, errors });
  }

  #failLookups(): void {
    const errors = this.#lookupErrors;
    // "No such name" in one family says little when the other family's lookup could not be made at all.
    const telling = errors.find(({ code }) => code !== "ENOTFOUND") ?? errors[0]!;
    const { code, phase, blame, cause } = telling;
    const reason = code === "ENOTFOUND" && errors.length > 1
      ? `no such host "${this.#init.asked.host}"`
      : telling.reason;
    this.#fail({ code, phase, blame, cause, reason, ...(errors.length > 1 && { errors }) });
  }

  #succeed(conn: Conn): void {
    const { host, target: { port } } = this.#init.asked;
    this.#finish("ok");
    this.#init.resolve(deriveConn(conn, {
      remoteAddr: { transport: "tcp", hostname: host, port },
      report: this.#trace,
    }));
  }

  #abort(): void {
    const { reason } = this.#signal!;
    this.#giveUp("aborted", aborted, reason);
    this.#init.reject(reason);
  }

  #timeOut(): void {
    const { proxy } = this.#init;
    const message = `timed out after ${proxy.timeoutMs} ms`;
    const limit = new DOMException(message, "TimeoutError");
    const { waiting, ...at } = this.#giveUp("failed", { code: "ETIMEDOUT", message }, limit);
    const reason = named(proxy, at.hop, `${message} ${waiting}`);
    const errors = this.#errors.length > 0 ? { errors: this.#errors } : {};
    this.#init.reject(
      this.#error({ code: "ETIMEDOUT", ...at, reason, cause: limit, ...errors }),
    );
  }

  /** Ends a dial in the midst of something. */
  #giveUp(outcome: DialOutcome, failure: DialFailure, reason: unknown): StuckAt {
    const { label: hop } = this.#init.proxy;
    const own = { hop, phase: "resolve", waiting: "looking the name up" } as const;
    const waitsFor = this.#attempts.size > 0 ? "target" : undefined;
    this.#finish(outcome, failure, reason);
    return noteStuck(reason, own, waitsFor);
  }

  #fail(failure: ProxyDialFailure): void {
    const error = this.#error(failure);
    this.#finish("failed", dialFailure(error));
    // The report was made with the error, when the dial had not ended yet.
    Object.defineProperty(error, "report", { value: this.#trace.report() });
    this.#init.reject(error);
  }

  /** Releases all that the dial holds, and ends every step that is still open. */
  #finish(outcome: DialOutcome, failure?: DialFailure, reason?: unknown): void {
    this.#over = true;
    this.#unlink();
    this.#race?.stop();
    if (this.#timer !== undefined) systemClock.clearTimer(this.#timer);
    const why = reason ?? new DOMException("another address was faster", "AbortError");
    this.#lookups.abort(why);
    for (const { controller } of this.#attempts) controller.abort(why);
    this.#nested.end();
    this.#trace.end(this.#root, outcome, failure);
  }

  #error(
    { code, phase, reason, hop, blame, cause, errors }: ProxyDialFailure,
  ): DialError {
    const { network, address, proxy } = this.#init;
    return new DialError({
      ...{ code, phase, network, address, via: proxy.chain, reason },
      ...(hop !== undefined && { hop }),
      ...(blame !== undefined && { blame }),
      ...(cause !== undefined && { cause }),
      ...(errors !== undefined && { errors }),
      report: this.#trace.report(),
    });
  }
}
