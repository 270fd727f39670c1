import type { DialEvent } from "../../core/dial_event.ts";
import { ipFamily } from "../../ip/ip_literal.ts";
import type { ConnDuplex } from "../conn_duplex.ts";
import { errorOf } from "../error_of.ts";

type LookupArgs = [error: Error | null, address?: string, family?: number];

/** Emits what a `net.Socket` does while a name is dialed. */
export class DialProgress {
  readonly #stream: ConnDuplex;
  readonly #host: string;
  /** The lookups of the host that are under way. */
  readonly #lookups = new Set<number>();
  readonly #isLiteral: boolean;
  /** What is held back as long as whoever called may not listen yet: a dial may begin at once. */
  #held: LookupArgs[] | undefined = [];
  #told = false;
  /** Whether the host was looked up here. */
  lookedUp = false;

  /**
   * @param stream The stream.
   * @param host The host that is dialed.
   */
  constructor(stream: ConnDuplex, host: string) {
    this.#stream = stream;
    this.#host = host;
    this.#isLiteral = ipFamily(host) !== undefined;
  }

  /** Takes note of a step of the dial. */
  note(event: DialEvent): void {
    if (event.type === "lookup-start" && event.host === this.#host) {
      this.lookedUp = true;
      this.#lookups.add(event.id);
    } else if (event.type === "lookup-end" && this.#lookups.delete(event.id)) {
      for (const address of event.addresses) this.found(address);
    } else if (event.type === "attempt-start") {
      this.#stream.autoSelectFamilyAttemptedAddresses.push(event.address);
      this.foundElsewhere();
    }
  }

  /** A proxy looks the name up itself: who waits for the lookup, as got does, shall not wait for nothing. */
  foundElsewhere(): void {
    if (this.#lookups.size === 0 && !this.#isLiteral) this.found(this.#host);
  }

  /** Says what the host was found to be; what is not known is the host itself. */
  found(address: string): void {
    if (address === this.#host && this.#told) return;
    this.#tell(null, address, ipFamily(address) ?? 0);
  }

  /** Says why the host was not found. */
  failed(error: Error): void {
    this.#tell(error);
  }

  /** Says what was held back, before the stream is connected or fails. */
  flush(): void {
    const held = this.#held;
    this.#held = undefined;
    for (const args of held ?? []) this.#emit(...args);
  }

  #tell(...args: LookupArgs): void {
    this.#told = true;
    if (this.#held === undefined) this.#emit(...args);
    else if (this.#held.push(args) === 1) setImmediate(() => this.flush());
  }

  #emit(error: Error | null, address?: string, family?: number): void {
    if (this.#stream.destroyed) return;
    try {
      this.#stream.emit("lookup", error, address, family, this.#host);
    } catch (thrown) {
      // What a listener throws fails the stream, rather than the process.
      this.#stream.destroy(errorOf(thrown, "Cannot connect"));
    }
  }
}
