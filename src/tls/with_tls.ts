import type { Network } from "../core/addr.ts";
import type { ContextDialer, DialOptions } from "../core/dialer.ts";
import { requireDialer } from "../core/is_dialer.ts";
import { readOptions } from "../core/options.ts";
import { shownAddress } from "../core/redact.ts";
import { composeDialer } from "../dial/compose_dialer.ts";
import { hostToVerify } from "./host_to_verify.ts";
import type { TlsConn } from "./tls_conn.ts";
import { tlsHandshake, TlsHandshakeError } from "./tls_handshake.ts";
import { tlsConfig, type TlsOptions, tlsOptions } from "./tls_options.ts";

/** A dialer whose connections are in TLS. */
export interface TlsDialer extends ContextDialer {
  /** Dials as any {@linkcode ContextDialer} does; the connection tells what its handshake agreed on. */
  dialContext(network: Network, address: string, options?: DialOptions): Promise<TlsConn>;
}

/**
 * Makes TLS over the connections of any dialer, as its client.
 *
 * The connection has the ends and hops of the one below it. An end of the peer without TLS's own `close_notify`, as
 * anybody on the way can make one, is an error with the code `ERR_SSL_UNEXPECTED_EOF_WHILE_READING` and not an end.
 * `closeWrite()` and `close()` send one. In TLS 1.3 a peer looks at a client's certificate when the handshake is over
 * for the client: that it is refused is told by the first read.
 *
 * On Bun the peer's end also ends what is sent: a write after it is `EPIPE`.
 *
 * @example
 * const dialer = withTls(systemDialer(), { alpnProtocols: ["h2", "http/1.1"] });
 * const conn = await dialer.dialContext("tcp", "peer.example:443");
 * console.log(conn.tls.alpnProtocol);
 *
 * @param dialer What makes the connections.
 * @param options How TLS is made over them.
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
