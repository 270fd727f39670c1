import type { Network } from "./addr.ts";
import { type DialFailure, type DialReport, readReport, type ReportSource } from "./dial_report.ts";
import type { DialErrorCode } from "./dial_error_code.ts";
import { propertyOf } from "./error_reason.ts";
import { shownAddress, shownNetwork } from "./redact.ts";

/**
 * Where in the dial it failed: reading the `address`, choosing a dialer (`route`), looking a name up (`resolve`),
 * connecting (`connect`), the handshake with a proxy (`proxy`), the TLS handshake (`tls`), a pause between two attempts (`wait`) or
 * waiting for its turn (`queue`).
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

/** What a {@linkcode DialError} is made of. */
export interface DialErrorInit {
  /** What went wrong, the same on every runtime. */
  code: DialErrorCode;
  /** Where in the dial it went wrong. */
  phase: DialPhase;
  /** The network asked for. */
  network: Network;
  /** The address asked for. */
  address: string;
  /** Why, for a person: no secret, no full stop. */
  reason: string;
  /** The proxies on the way, redacted, for the message. */
  via?: string | undefined;
  /** The proxy that the failure concerns, redacted. */
  hop?: string | undefined;
  /** With a proxy on the way: which side is at fault, where that can be told. */
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
 * A dial that failed. The message says on one line what could not be done and why, with credentials redacted:
 * `Cannot dial tcp 192.0.2.1:4001: connection refused`.
 */
export class DialError extends Error {
  /** Always `"DialError"`. */
  override readonly name = "DialError";
  /** What went wrong, the same on every runtime. */
  readonly code: DialErrorCode;
  /** Where in the dial it went wrong. */
  readonly phase: DialPhase;
  /** The network asked for. */
  readonly network: Network;
  /** The address asked for; of one that is none without what may be a secret in it. */
  readonly address: string;
  /** Why, for a person: the message without what was dialed. */
  readonly reason: string;
  /** The proxies on the way, redacted; absent where there are none. */
  declare readonly via?: string;
  /** The proxy that the failure concerns, redacted; absent where none does. */
  declare readonly hop?: string;
  /**
   * With a proxy on the way, which side is at fault: a proxy that reports its target down is not to blame. Absent where it is
   * neither, or where nobody can tell: a proxy that hangs up before it has begun to answer the request (`ERR_PROXY_CLOSED`,
   * `ECONNRESET`, `EPIPE`) may be broken, or may have found its target down, as `ssh -D` and proxy-chain do without a word. A
   * proxy that does so to the next one of a chain is to blame: the target has no part in it.
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
  // A getter, since an error printed by a runtime's console shall not drown in its tree.
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
 * Makes the error of a dial that failed because one within it did.
 *
 * @param error The error of the dial within.
 * @param report How the whole dial went.
 * @returns An error that says the same, with the larger report.
 */
export function withReport(error: DialError, report: ReportSource): DialError {
  const { code, phase, network, address, reason, via, hop, blame, cause, errors } = error;
  return new DialError({
    ...{ code, phase, network, address, reason, via, hop, blame, cause, errors, report },
  });
}

/**
 * Tells whether `error` is a {@linkcode DialError}, also one made by another copy of this package.
 *
 * @param error Anything that was thrown.
 * @returns Whether it is a failed dial.
 */
export function isDialError(error: unknown): error is DialError {
  return typeof error === "object" && error !== null &&
    (error as Record<symbol, unknown>)[brand] === true;
}

/**
 * Puts any failure in the short form of events and reports.
 *
 * @param error Anything that was thrown.
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

/** Makes control characters visible: addresses and names come from anywhere, and messages go to terminals and logs. */
function onOneLine(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
