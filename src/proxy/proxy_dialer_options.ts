import { systemDialer } from "../../adapters/system.ts";
import type { ContextDialer } from "../core/dialer.ts";
import { isDialer } from "../core/is_dialer.ts";
import { valueKind } from "../core/value_kind.ts";

/** What all dialers over a proxy take. */
export interface ProxyServerOptions {
  /** Where the proxy listens: `host:port`, or the path of a unix socket, which begins with `/`, `./` or `../`. */
  server: string;
  /**
   * What dials the proxy: any dialer, so that proxies chain.
   *
   * @default {systemDialer()}
   */
  via?: ContextDialer;
  /**
   * Milliseconds for the whole dial: reaching the proxy, its handshake, and its reaching the target. Running out is a
   * `DialError` with the code `ETIMEDOUT` that names the proxy which did not answer. In a chain the outermost limit governs
   * the dials of all proxies on the way.
   *
   * A proxy that takes connections and says nothing would otherwise hold a dial for good, which no kernel ends.
   *
   * @default {120000} As long as Tor tries.
   */
  timeoutMs?: number;
}

/** The longest delay that timers take. */
const maxMs = 2 ** 31 - 1;

/** Checks a number of milliseconds; throws a TypeError or RangeError that names the option. */
export function checkedMs(name: string, value: unknown): number {
  if (typeof value !== "number") {
    throw new TypeError(`${name} must be a number of milliseconds, not ${String(value)}`);
  }
  if (!(value >= 1 && value <= maxMs)) {
    throw new RangeError(`${name} must be between 1 and ${maxMs} ms, not ${value}`);
  }
  return value;
}

/** The limit of a dial. */
export function checkedTimeout(timeoutMs: unknown = 120_000): number {
  return checkedMs("timeoutMs", timeoutMs);
}

let system: ContextDialer | undefined;

/** The dialer of the proxy; one for all who name none, so that they share what is learned about a proxy. */
export function checkedVia(via: ContextDialer | undefined): ContextDialer {
  if (via === undefined) return system ??= systemDialer();
  if (!isDialer(via)) {
    throw new TypeError(`via must be a dialer, not ${valueKind(via)}`);
  }
  return via;
}
