import type { Network } from "./addr.ts";
import { type DialFailure, type DialReport, readReport, type ReportSource } from "./dial_report.ts";
import type { DialErrorCode } from "./dial_error_code.ts";
import { propertyOf } from "./error_reason.ts";
import { shownAddress, shownNetwork } from "./redact.ts";

/**
 * The phase in which a dial failed: parsing the `address`, choosing a dialer (`route`), resolving a
 * name (`resolve`), connecting (`connect`), the handshake with a proxy (`proxy`), the TLS handshake
 * (`tls`), a pause between two attempts (`wait`) or waiting in a queue (`queue`).
 */
export type DialPhase =
  | "address"
  | "route"
  | "resolve"
  | "connect"
  | "proxy"
  | "tls"
  | "wait"
  | "queue";

/** The properties of a {@linkcode DialError}. */
export interface DialErrorInit {
  /** What went wrong, the same on every runtime. */
  code: DialErrorCode;
  /** The phase in which it failed. */
  phase: DialPhase;
  /** The requested network. */
  network: Network;
  /** The requested address. */
  address: string;
  /** The cause in words: no secret, no full stop. */
  reason: string;
  /** The proxies on the way, redacted, for the message. */
  via?: string | undefined;
  /** The proxy that the failure concerns, redacted. */
  hop?: string | undefined;
  /** The side at fault, where there is a proxy and the side is known. */
  blame?: "proxy" | "target" | undefined;
  /** The original failure. */
  cause?: unknown;
  /** The failures of the single attempts, where there were several. */
  errors?: readonly DialError[] | undefined;
  /**
   * How the dial went.
   *
   * @default A report of the failure alone.
   */
  report?: DialReport | ReportSource | undefined;
}

const brand = Symbol.for("anydial.DialError");

/**
 * A failed dial. The message states the action and the cause on one line, with credentials
 * redacted: `Cannot dial tcp 192.0.2.1:4001: connection refused`.
 */
export class DialError extends Error {
  /** Always `"DialError"`. */
  override readonly name = "DialError";
  /** What went wrong, the same on every runtime. */
  readonly code: DialErrorCode;
  /** The phase in which it failed. */
  readonly phase: DialPhase;
  /** The requested network. */
  readonly network: Network;
  /** The requested address. Possible secrets are removed from text that is no valid address. */
  readonly address: string;
  /** The cause in words: the message without the address. */
  readonly reason: string;
  /** The proxies on the way, redacted; absent where there are none. */
  declare readonly via?: string;
  /** The proxy that the failure concerns, redacted; absent where none does. */
  declare readonly hop?: string;
  /**
   * The side at fault, where the dial goes through a proxy. A proxy that reports its target down is
   * not at fault. Absent where neither side is at fault, or where the side is unknown: a proxy that
   * closes the connection before it answers the request (`ERR_PROXY_CLOSED`, `ECONNRESET`, `EPIPE`)
   * may be broken, or its target may be down; `ssh -D` and proxy-chain close without a reply then.
   * In a chain, a proxy that closes before the next proxy is reached is at fault: the target is not
   * involved.
   */
  declare readonly blame?: "proxy" | "target";
  /** The failures of the single attempts, where there were several. */
  declare readonly errors?: readonly DialError[];
  #report: DialReport | ReportSource | undefined;

  /**
   * Makes the error of a failed dial.
   *
   * @param init What it is made of.
   */
  constructor(init: DialErrorInit) {
    const via = init.via === undefined ? "" : ` via ${init.via}`;
    const address = shownAddress(init.network, init.address);
    super(
      onOneLine(`Cannot dial ${shownNetwork(init.network)} ${address}${via}: ${init.reason}`),
      init.cause === undefined ? undefined : { cause: init.cause },
    );
    this.code = init.code;
    this.phase = init.phase;
    this.network = shownNetwork(init.network) as Network;
    this.address = address;
    this.reason = onOneLine(init.reason);
    if (init.via !== undefined) this.via = init.via;
    if (init.hop !== undefined) this.hop = init.hop;
    if (init.blame !== undefined) this.blame = init.blame;
    if (init.errors !== undefined) this.errors = init.errors;
    this.#report = init.report;
    Object.defineProperty(this, brand, { value: true });
  }

  /** How the dial went: the tree of lookups and attempts with their times. */
  // A getter, because consoles print own properties, and the tree would bury the message.
  get report(): DialReport {
    return readReport(this.#report ??= bareReport(this));
  }
}

function bareReport({ network, address, code, reason }: DialError): DialReport {
  const error = { code, message: reason };
  const label = `${network} ${onOneLine(address)}`;
  return { kind: "dial", label, startMs: 0, durationMs: 0, outcome: "failed", error, children: [] };
}

/**
 * Copies the error of an inner dial with the report of the outer dial.
 *
 * @param error The error of the inner dial.
 * @param report The report of the whole dial.
 * @returns The same error with the larger report.
 */
export function withReport(error: DialError, report: ReportSource): DialError {
  const { code, phase, network, address, reason, via, hop, blame, cause, errors } = error;
  return new DialError({
    ...{ code, phase, network, address, reason, via, hop, blame, cause, errors, report },
  });
}

/**
 * Whether `error` is a {@linkcode DialError}, also one made by another copy of this package.
 *
 * @param error Any thrown value.
 * @returns Whether it is a failed dial.
 */
export function isDialError(error: unknown): error is DialError {
  return typeof error === "object" && error !== null &&
    (error as Record<symbol, unknown>)[brand] === true;
}

/**
 * Converts any failure to the short form of events and reports.
 *
 * @param error Any thrown value.
 * @returns Its code and its message on one line.
 */
export function dialFailure(error: unknown): DialFailure {
  if (isDialError(error)) return { code: error.code, message: error.message };
  const [code, message] = [propertyOf(error, "code"), propertyOf(error, "message")];
  const text = typeof message === "string" ? message : textOf(error);
  return {
    code: typeof code === "string" ? code : "ERR_DIAL_FAILED",
    message: onOneLine(text.replace(/\s+/g, " ")),
  };
}

function textOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    // An object without a prototype.
    return "an error that says nothing";
  }
}

/**
 * Escapes control characters: addresses and names are untrusted, and messages are printed to
 * terminals and logs.
 */
function onOneLine(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
