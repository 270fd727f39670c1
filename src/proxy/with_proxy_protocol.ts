import type { Addr } from "../core/addr.ts";
import type { Conn } from "../core/conn.ts";
import { deriveConn } from "../core/derive_conn.ts";
import { DialError, type DialErrorInit, dialFailure, isDialError } from "../core/dial_error.ts";
import type { DialFailure, DialOutcome } from "../core/dial_report.ts";
import { DialTrace, type TraceNode } from "../core/dial_trace.ts";
import type { ContextDialer, DialOptions, Network } from "../core/dialer.ts";
import { reasonOf, systemErrorCode } from "../core/error_reason.ts";
import { requireDialer } from "../core/is_dialer.ts";
import { onAbort } from "../core/signals.ts";
import { NestedDials } from "./nested_dials.ts";
import { encodeProxyProtocolHeader, type ProxyProtocolTlv } from "./proxy_protocol_codec.ts";

/** What {@linkcode withProxyProtocol} says of each connection. */
export interface ProxyProtocolOptions {
  /** 1 is a line of text, 2 is binary. */
  version: 1 | 2;
  /**
   * Who the connection is said to come from, such as the client that a relay serves.
   *
   * @default The connection's own local end.
   */
  source?: Addr;
  /**
   * Where that one connected to.
   *
   * @default The connection's remote end, which has to be an IP address or a path.
   */
  destination?: Addr;
  /**
   * Says that the connection is the relay's own, such as a health check, and nothing of its ends: `LOCAL` in version 2,
   * `UNKNOWN` in version 1.
   *
   * @default {false}
   */
  local?: boolean;
  /**
   * Additional fields; version 2 only.
   *
   * @default {[]}
   */
  tlvs?: readonly ProxyProtocolTlv[];
}

/**
 * Begins every connection with the header of HAProxy's PROXY protocol, so that a server behind a relay sees whom the
 * relay serves. The header is the first thing that is sent, in one write, before the dial is done.
 *
 * @example
 * const source = { transport: "tcp", hostname: "192.0.2.7", port: 51234 } as const;
 * const dialer = withProxyProtocol(systemDialer(), { version: 2, source });
 *
 * @param dialer What dials the server that reads the header.
 * @param options What the header says.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If an option is unusable; the message names it.
 */
export function withProxyProtocol(
  dialer: ContextDialer,
  options: ProxyProtocolOptions,
): ContextDialer {
  requireDialer(dialer, "dial with");
  const { version, source, destination, local = false, tlvs } = options;
  if (local && (source ?? destination) !== undefined) {
    throw new TypeError("a PROXY header that is local has no source or destination");
  }
  const encode = (source: Addr, destination: Addr) =>
    encodeProxyProtocolHeader({
      version,
      ...(!local && { connection: { source, destination } }),
      ...(tlvs !== undefined && { tlvs }),
    });
  // What is given now is checked now.
  const any: Addr = source ?? destination ?? { transport: "tcp", hostname: "127.0.0.1", port: 1 };
  encode(any, destination ?? any);
  const header = (conn: Conn) => encode(source ?? conn.localAddr, destination ?? conn.remoteAddr);
  return {
    dialContext(network, address, dialOptions = {}) {
      return new Promise((resolve, reject) => {
        if (dialOptions.signal?.aborted) return reject(dialOptions.signal.reason);
        const init = { dialer, header, network, address, resolve, reject };
        new ProxyProtocolDial(init, dialOptions).start();
      });
    },
  };
}

interface ProxyProtocolDialInit {
  readonly dialer: ContextDialer;
  readonly header: (conn: Conn) => Uint8Array;
  readonly network: Network;
  readonly address: string;
  readonly resolve: (conn: Conn) => void;
  readonly reject: (reason: unknown) => void;
}

const aborted: DialFailure = { code: "ABORT_ERR", message: "aborted by the caller" };

class ProxyProtocolDial {
  readonly #init: ProxyProtocolDialInit;
  readonly #options: DialOptions;
  readonly #trace: DialTrace;
  readonly #root: TraceNode;
  readonly #nested: NestedDials;
  readonly #controller: AbortController = new AbortController();
  #unlink: () => void = () => {};
  #conn: Conn | undefined;
  #over = false;

  constructor(init: ProxyProtocolDialInit, options: DialOptions) {
    const { network, address } = init;
    this.#init = init;
    this.#options = options;
    this.#trace = new DialTrace(options.onEvent);
    this.#nested = new NestedDials(this.#trace);
    const event = { type: "dial-start", network, address } as const;
    this.#root = this.#trace.start(undefined, `${network} ${address}`, event);
  }

  async start(): Promise<void> {
    const { dialer, network, address } = this.#init;
    const { signal } = this.#options;
    // A listener of "dial-start" may have aborted already.
    if (signal?.aborted) return this.#abort();
    this.#unlink = onAbort(signal, () => this.#abort());
    const nested = this.#nested.begin(this.#root, `${network} ${address}`);
    let conn: Conn;
    try {
      conn = await dialer.dialContext(network, address, {
        ...this.#options,
        signal: this.#controller.signal,
        ...(nested.listener && { onEvent: nested.listener }),
      });
    } catch (thrown) {
      if (this.#over) return;
      nested.failed(thrown);
      return this.#fail(innerFailure(thrown));
    }
    if (this.#over) return conn.close();
    nested.succeeded(conn);
    await this.#sendHeader(conn);
  }

  async #sendHeader(conn: Conn): Promise<void> {
    const { header, address } = this.#init;
    this.#conn = conn;
    const protocol = "proxy-protocol";
    const node = this.#trace.start(this.#root, `${protocol} ${address}`, {
      type: "handshake-start",
      protocol,
      hop: address,
    });
    if (this.#over) return;
    try {
      await conn.write(header(conn));
    } catch (cause) {
      if (this.#over) return;
      const code = systemErrorCode(cause) ??
        (cause instanceof TypeError ? "ERR_DIAL_ADDRESS" : "ERR_DIAL_FAILED");
      const why = reasonOf(code) ?? dialFailure(cause).message;
      const reason = `cannot send the PROXY header: ${why}`;
      this.#trace.end(node, "failed", { code, message: reason });
      if (!this.#over) this.#fail({ code, phase: "proxy", reason, cause });
      return;
    }
    if (this.#over) return;
    this.#trace.end(node, "ok");
    if (this.#over) return;
    this.#conn = undefined;
    this.#finish("ok");
    this.#init.resolve(deriveConn(conn, { report: this.#trace }));
  }

  #fail(failure: Omit<DialErrorInit, "network" | "address" | "report">): void {
    const { network, address } = this.#init;
    const report = this.#trace.report();
    const error = new DialError({ network, address, ...failure, report });
    this.#finish("failed", dialFailure(error));
    // The report was made with the error, when the dial had not ended yet.
    Object.defineProperty(error, "report", { value: this.#trace.report() });
    this.#init.reject(error);
  }

  #abort(): void {
    const { reason } = this.#options.signal!;
    this.#over = true;
    this.#controller.abort(reason);
    this.#finish("aborted", aborted);
    this.#init.reject(reason);
  }

  /** Releases all that the dial holds, and ends every step that is still open. */
  #finish(outcome: DialOutcome, failure?: DialFailure): void {
    this.#over = true;
    this.#unlink();
    this.#conn?.reset();
    this.#nested.end();
    this.#trace.end(this.#root, outcome, failure);
  }
}

/** The same failure, to be told of the dial as a whole. */
function innerFailure(thrown: unknown): Omit<DialErrorInit, "network" | "address" | "report"> {
  if (isDialError(thrown)) {
    const { code, phase, reason, via, hop, blame, cause, errors } = thrown;
    return { code, phase, reason, via, hop, blame, cause, errors };
  }
  const code = systemErrorCode(thrown) ?? "ERR_DIAL_FAILED";
  const reason = reasonOf(code) ?? dialFailure(thrown).message;
  return { code, phase: "connect", reason, cause: thrown };
}
