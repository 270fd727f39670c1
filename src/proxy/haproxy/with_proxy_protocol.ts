import type { Addr } from "../../core/addr.ts";
import type { Conn } from "../../core/conn.ts";
import { dialFailure } from "../../core/dial_error.ts";
import { type ContextDialer, requireDialer } from "../../core/dialer.ts";
import { describeCode, systemErrorCode } from "../../core/error_reason.ts";
import {
  address,
  boolean,
  list,
  oneOf,
  type OptionChecks,
  readOptions,
} from "../../core/options.ts";
import { composeDialer } from "../../dial/compose_dialer.ts";
import { encodeProxyProtocolHeader, type ProxyProtocolTlv } from "./proxy_protocol_codec.ts";

/** Options of {@linkcode withProxyProtocol}. */
export interface ProxyProtocolOptions {
  /** 1 is a line of text, 2 is binary. */
  version: 1 | 2;
  /**
   * The source address in the header, such as the client that a relay serves.
   *
   * @default The connection's own local end.
   */
  source?: Addr;
  /**
   * The destination address in the header, to which the source connected.
   *
   * @default The connection's remote end, which must be an IP address or a path.
   */
  destination?: Addr;
  /**
   * Marks the connection as the relay's own, such as a health check, and omits both ends: `LOCAL`
   * in version 2, `UNKNOWN` in version 1.
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
 * Begins every connection with the header of HAProxy's PROXY protocol, so that a server behind a
 * relay sees the address of the relay's client. The header is sent first, in one write, before the
 * dial completes.
 *
 * @example
 * const source = { transport: "tcp", hostname: "192.0.2.7", port: 51234 } as const;
 * const dialer = withProxyProtocol(systemDialer(), { version: 2, source });
 *
 * @param dialer Dialer for the server that reads the header.
 * @param options The content of the header.
 * @returns The dialer.
 * @throws {TypeError | RangeError} If an option is invalid; the message names it.
 */
export function withProxyProtocol(
  dialer: ContextDialer,
  options: ProxyProtocolOptions,
): ContextDialer {
  requireDialer(dialer, "dial with");
  const read = readOptions("withProxyProtocol", options, proxyProtocolOptions);
  const { source, destination, local = false, tlvs } = read;
  const version = checkVersion(read.version, "version");
  if (local && (source ?? destination) !== undefined) {
    throw new TypeError("a PROXY header that is local has no source or destination");
  }
  const encode = (source: Addr, destination: Addr) =>
    encodeProxyProtocolHeader({
      version,
      ...(!local && { connection: { source, destination } }),
      ...(tlvs !== undefined && { tlvs }),
    });
  // Encodes once to reject invalid options now, not at the first dial.
  const any: Addr = source ?? destination ?? { transport: "tcp", hostname: "127.0.0.1", port: 1 };
  encode(any, destination ?? any);
  const header = (conn: Conn) => encode(source ?? conn.localAddr, destination ?? conn.remoteAddr);
  return composeDialer("proxy-protocol", dialer, async (dial) => {
    const conn = await dial.through(dialer);
    const { address: hop } = dial;
    await dial.step({ type: "handshake-start", protocol: "proxy-protocol", hop }, async (step) => {
      try {
        await conn.write(header(conn));
      } catch (cause) {
        const code = systemErrorCode(cause) ??
          (cause instanceof TypeError ? "ERR_DIAL_ADDRESS" : "ERR_DIAL_FAILED");
        const reason = `cannot send the PROXY header: ${
          describeCode(code) ?? dialFailure(cause).message
        }`;
        throw step.error({ code, phase: "proxy", reason, cause });
      }
    });
    return conn;
  });
}

const checkVersion = oneOf(1, 2);

const proxyProtocolOptions: OptionChecks<ProxyProtocolOptions> = {
  version: checkVersion,
  source: address,
  destination: address,
  local: boolean,
  tlvs: list,
};
