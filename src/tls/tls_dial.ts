import type { Conn } from "../core/conn.ts";
import { DialError, type DialErrorInit, dialFailure, isDialError } from "../core/dial_error.ts";
import type { DialFailure } from "../core/dial_report.ts";
import { DialTrace, type TraceNode } from "../core/dial_trace.ts";
import type { ContextDialer, DialOptions, Network } from "../core/dialer.ts";
import { reasonOf, systemErrorCode } from "../core/error_reason.ts";
import { abortable } from "../core/signals.ts";
import { hostToVerify } from "./host_to_verify.ts";
import type { SessionConn, TLSConn } from "./tls_conn.ts";
import { HandshakeFailure, tlsHandshake } from "./tls_handshake.ts";
import type { TLSConfig } from "./tls_options.ts";

const aborted: DialFailure = { code: "ABORT_ERR", message: "aborted by the caller" };

/** One dial of a connection in TLS. */
export class TLSDial {
  readonly #dialer: ContextDialer;
  readonly #config: TLSConfig;
  readonly #network: Network;
  readonly #address: string;
  readonly #options: DialOptions;
  readonly #trace: DialTrace;
  readonly #root: TraceNode;

  constructor(
    dialer: ContextDialer,
    config: TLSConfig,
    network: Network,
    address: string,
    options: DialOptions,
  ) {
    this.#dialer = dialer;
    this.#config = config;
    this.#network = network;
    this.#address = address;
    this.#options = options;
    this.#trace = new DialTrace(options.onEvent);
    const label = `${network} ${address}`;
    this.#root = this.#trace.start(undefined, label, { type: "dial-start", network, address });
  }

  async run(): Promise<TLSConn> {
    try {
      const conn = await this.#handshake(await this.#connect());
      this.#trace.end(this.#root, "ok");
      conn.setReport(this.#trace);
      return conn;
    } catch (thrown) {
      if (this.#options.signal?.aborted) {
        this.#trace.end(this.#root, "aborted", aborted);
        throw this.#options.signal.reason;
      }
      throw this.#failed(thrown);
    }
  }

  async #connect(): Promise<Conn> {
    const { signal } = this.#options;
    this.#stopIfAborted();
    const offsetMs = this.#trace.elapsedMs();
    const onEvent = this.#trace.nestedListener(this.#root);
    try {
      const dial = this.#dialer.dialContext(this.#network, this.#address, {
        ...this.#options,
        onEvent,
      });
      const conn = await abortable(dial, signal, (late) => late.close());
      this.#trace.adopt(this.#root, { report: () => conn.report }, offsetMs);
      return conn;
    } catch (error) {
      if (isDialError(error)) this.#trace.adopt(this.#root, error.report, offsetMs);
      throw error;
    }
  }

  async #handshake(conn: Conn): Promise<SessionConn> {
    const { signal } = this.#options;
    const serverName = this.#config.serverName ?? hostToVerify(this.#network, this.#address);
    let open: Conn = conn;
    let node: TraceNode | undefined;
    try {
      this.#stopIfAborted();
      if (serverName === undefined && this.#config.verify) {
        const reason = "serverName is missing, and the address has no name to verify";
        throw new HandshakeFailure("ERR_DIAL_ADDRESS", reason, undefined);
      }
      node = this.#trace.start(this.#root, `tls ${serverName ?? "without a name"}`, {
        type: "handshake-start",
        protocol: "tls",
        hop: this.#address,
      });
      this.#stopIfAborted();
      const secure = await tlsHandshake(conn, serverName, this.#config, signal);
      open = secure;
      this.#trace.end(node, "ok");
      // A listener may abort at any event.
      this.#stopIfAborted();
      return secure;
    } catch (thrown) {
      open.close();
      if (node !== undefined) {
        const failure = thrown instanceof HandshakeFailure
          ? { code: thrown.code, message: thrown.reason }
          : aborted;
        this.#trace.end(node, failure === aborted ? "aborted" : "failed", failure);
      }
      throw thrown;
    }
  }

  #stopIfAborted(): void {
    if (this.#options.signal?.aborted) throw this.#options.signal.reason;
  }

  #failed(thrown: unknown): DialError {
    const report = this.#trace.report();
    const [network, address] = [this.#network, this.#address];
    const error = new DialError({ network, address, ...initOf(thrown), report });
    this.#trace.end(this.#root, "failed", dialFailure(error));
    // The report was made with the error, when the dial had not ended yet.
    Object.defineProperty(error, "report", { value: this.#trace.report() });
    return error;
  }
}

function initOf(thrown: unknown): Omit<DialErrorInit, "network" | "address" | "report"> {
  if (thrown instanceof HandshakeFailure) {
    const { code, reason, cause } = thrown;
    return { code, phase: code === "ERR_DIAL_ADDRESS" ? "address" : "tls", reason, cause };
  }
  if (isDialError(thrown)) {
    const { code, phase, reason, via, hop, blame, cause, errors } = thrown;
    return { code, phase, reason, via, hop, blame, cause, errors };
  }
  const code = systemErrorCode(thrown) ?? "ERR_DIAL_FAILED";
  const reason = reasonOf(code) ?? dialFailure(thrown).message;
  return { code, phase: "connect", reason, cause: thrown };
}
