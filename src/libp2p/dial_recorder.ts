import type { DialEvent } from "../core/dial_event.ts";
import type { DialFailure, DialReport } from "../core/dial_report.ts";
import { DialTrace, type TraceNode } from "../core/dial_trace.ts";
import type { StuckAt } from "../proxy/stuck_at.ts";

/** Where a dial is, which need not be at a proxy. */
export type Whereabouts = Omit<StuckAt, "hop"> & Partial<Pick<StuckAt, "hop">>;

/** Notes what a dial tells, for a report on one that is given up: whoever is aborted gives none. */
export class DialRecorder {
  readonly #trace = new DialTrace(undefined);
  #root: TraceNode | undefined;
  #via: string | undefined;
  #dialerChosen = false;
  readonly #open = new Map<number, { node: TraceNode; event: DialEvent }>();

  /** Notes that the function that chooses the dialer answered. */
  dialerChosen(): void {
    this.#dialerChosen = true;
  }

  /** Notes a step. */
  note(event: DialEvent): void {
    switch (event.type) {
      case "dial-start":
        // The outermost one says what the proxies are that the others go through.
        this.#via ??= event.via;
        // The first one is of a multiaddr, whose reports begin like this.
        if (this.#root === undefined) return this.#start(event, event.address);
        return this.#start(event, `${event.network} ${event.address}`);
      case "lookup-start":
        return this.#start(event, event.family ? `${event.host} IPv${event.family}` : event.host);
      case "attempt-start":
        return this.#start(event, event.address);
      case "handshake-start":
        return this.#start(event, `${event.protocol} ${event.hop}`);
      default:
        return this.#end(event);
    }
  }

  #start(event: DialEvent & { type: `${string}-start` }, label: string): void {
    const parent = event.parent === undefined ? undefined : this.#open.get(event.parent)?.node;
    const node = this.#trace.start(parent, label, event);
    if (event.type === "dial-start" && event.via !== undefined) node.detail = `via ${event.via}`;
    this.#root ??= node;
    this.#open.set(event.id, { node, event });
  }

  #end(event: DialEvent & { type: `${string}-end` }): void {
    const step = this.#open.get(event.id);
    if (step === undefined) return;
    this.#open.delete(event.id);
    const lost = event.type === "attempt-end" && event.lost;
    const outcome = lost ? "lost" : event.error ? "failed" : "ok";
    this.#trace.end(step.node, outcome, event.error, "addresses" in event ? event : undefined);
  }

  /** The proxies that the dial goes through, redacted, if any. */
  get via(): string | undefined {
    return this.#via;
  }

  /** Ends all that is open with a failure, and gives the tree. */
  fail(failure: DialFailure): DialReport {
    if (this.#root !== undefined) this.#trace.end(this.#root, "failed", failure);
    return this.#trace.report();
  }

  /** What the dial is waiting for. */
  whereabouts(): Whereabouts {
    const events = [...this.#open.values()].map(({ event }) => event).reverse();
    for (const event of events) {
      if (event.type === "handshake-start") {
        const { protocol, hop } = event;
        const phase = protocol === "tls" ? "tls" : "proxy";
        return { phase, waiting: `in the ${protocol} handshake with ${hop}`, hop };
      }
      if (event.type === "attempt-start") {
        return { phase: "connect", waiting: `connecting to ${event.address}` };
      }
      if (event.type === "lookup-start") {
        return { phase: "resolve", waiting: `looking up "${event.host}"` };
      }
    }
    return this.#dialerChosen
      ? { phase: "connect", waiting: "waiting for the dialer" }
      : { phase: "route", waiting: "waiting for the function that chooses the dialer" };
  }
}
