import type { DialEvent } from "../../core/dial_event.ts";
import { ipFamily } from "../../ip/ip_literal.ts";
import type { ConnDuplex } from "../conn_duplex.ts";
import { errorOf } from "../error_of.ts";

type LookupArgs = [error: Error | null, address?: string, family?: number];

/** Emits the `"lookup"` events of a `net.Socket` while a name is dialed. */
export class DialProgress {
  readonly #stream: ConnDuplex;
  readonly #host: string;
  /** The pending lookups of the host. */
  readonly #lookups = new Set<number>();
  readonly #isLiteral: boolean;
  /** Events held back until the caller can listen: a dial may start synchronously. */
  #held: LookupArgs[] | undefined = [];
  #told = false;
  /** Whether the host was resolved locally. */
  lookedUp = false;

  /**
   * @param stream The stream.
   * @param host The dialed host.
   */
  constructor(stream: ConnDuplex, host: string) {
    this.#stream = stream;
    this.#host = host;
    this.#isLiteral = ipFamily(host) !== undefined;
  }

  /** Processes an event of the dial. */
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

  /**
   * Reports the host itself as its address when a proxy resolves the name. Otherwise clients that
   * wait for the lookup, such as got, would wait forever.
   */
  foundElsewhere(): void {
    if (this.#lookups.size === 0 && !this.#isLiteral) this.found(this.#host);
  }

  /** Reports an address of the host; the host itself stands for an unknown one. */
  found(address: string): void {
    if (address === this.#host && this.#told) return;
    this.#tell(null, address, ipFamily(address) ?? 0);
  }

  /** Reports the failure of the lookup. */
  failed(error: Error): void {
    this.#tell(error);
  }

  /** Emits the events held back, before the stream connects or fails. */
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
      // An error of a listener fails the stream; it must not end the process.
      this.#stream.destroy(errorOf(thrown, "Cannot connect"));
    }
  }
}
