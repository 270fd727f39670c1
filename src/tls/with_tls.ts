import type { Network } from "../core/addr.ts";
import { type ContextDialer, type DialOptions, requireDialer } from "../core/dialer.ts";
import { readOptions } from "../core/options.ts";
import { shownAddress } from "../core/redact.ts";
import { composeDialer } from "../dial/compose_dialer.ts";
import { hostToVerify } from "./host_to_verify.ts";
import type { TlsConn } from "./tls_conn.ts";
import { tlsHandshake, TlsHandshakeError } from "./tls_handshake.ts";
import { tlsConfig, type TlsOptions, tlsOptions } from "./tls_options.ts";

/** A dialer whose connections use TLS. */
export interface TlsDialer extends ContextDialer {
  /**
   * Dials as any {@linkcode ContextDialer} does; the connection has the result of its handshake.
   */
  dialContext(network: Network, address: string, options?: DialOptions): Promise<TlsConn>;
}

/**
 * Adds TLS, as the client, to the connections of any dialer.
 *
 * The connection has the ends and hops of the one below it. An end of the peer without a TLS
 * `close_notify` can be forged by an attacker on the path. It fails the read with the code
 * `ERR_SSL_UNEXPECTED_EOF_WHILE_READING`. `closeWrite()` and `close()` send a `close_notify`. In
 * TLS 1.3 a peer checks a client's certificate after the client's handshake is complete, so the
 * first read reports a refused certificate.
 *
 * On Bun the peer's end also ends what is sent: a write after it is `EPIPE`.
 *
 * @example
 * const dialer = withTls(systemDialer(), { alpnProtocols: ["h2", "http/1.1"] });
 * const conn = await dialer.dialContext("tcp", "peer.example:443");
 * console.log(conn.tls.alpnProtocol);
 *
 * @param dialer The dialer for the connections below.
 * @param options The TLS options.
 * @returns A dialer whose failed handshakes are `DialError`s in the phase `tls`.
 * @throws {TypeError | RangeError} If an option is unusable; the message names it.
 */
export function withTls(dialer: ContextDialer, options: TlsOptions = {}): TlsDialer {
  requireDialer(dialer, "make TLS over");
  const config = tlsConfig(readOptions("withTls", options, tlsOptions));
  return composeDialer("tls", dialer, async (dial) => {
    const conn = await dial.through(dialer);
    dial.keep(conn);
    const { network, address, signal } = dial;
    const serverName = config.serverName ?? hostToVerify(network, address);
    if (serverName === undefined && config.verify) {
      const reason = "serverName is missing, and the address has no name to verify";
      throw dial.error({ code: "ERR_DIAL_ADDRESS", phase: "address", reason });
    }
    const name = serverName ?? "without a name";
    const start = {
      type: "handshake-start",
      protocol: "tls",
      hop: shownAddress(network, address),
      name,
    } as const;
    return await dial.step(start, async (step) => {
      try {
        return await tlsHandshake(conn, serverName, config, signal);
      } catch (thrown) {
        if (!(thrown instanceof TlsHandshakeError)) throw thrown;
        const { code, reason, cause } = thrown;
        throw step.error({ code, phase: "tls", reason, cause });
      }
    });
  }) as TlsDialer;
}
