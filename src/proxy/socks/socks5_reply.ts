import type { ProxyErrorCode } from "../../core/dial_error_code.ts";
import type { ProxyFailure } from "../handshake/proxy_codec.ts";

type Meaning = readonly [code: ProxyErrorCode, blame: "proxy" | "target", text: string];

/**
 * Reply codes of RFC 1928 §6, and Tor's extensions (proposal 304, `ExtendedErrors`).
 *
 * 0x01 is named a failure of the server, but microsocks and others send it for a target that cannot
 * be resolved or reached. 0x08 is the reply of an IPv4-only proxy to an IPv6 target. Neither blames
 * the proxy.
 */
const meanings: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [0x01, ["ERR_PROXY_TARGET_FAILED", "target", "general failure"]],
  [0x02, ["ERR_PROXY_TARGET_NOT_ALLOWED", "target", "not allowed by the proxy's rules"]],
  [0x03, ["ERR_PROXY_TARGET_NET_UNREACHABLE", "target", "network unreachable"]],
  [0x04, ["ERR_PROXY_TARGET_HOST_UNREACHABLE", "target", "host unreachable"]],
  [0x05, ["ERR_PROXY_TARGET_REFUSED", "target", "connection refused"]],
  [0x06, ["ERR_PROXY_TARGET_TIMEOUT", "target", "TTL expired"]],
  [0x07, ["ERR_PROXY_COMMAND_UNSUPPORTED", "proxy", "command not supported"]],
  [0x08, ["ERR_PROXY_TARGET_ADDRESS_TYPE", "target", "address type not supported"]],
  [0xf0, ["ERR_PROXY_ONION_NOT_FOUND", "target", "onion service descriptor not found"]],
  [0xf1, ["ERR_PROXY_ONION_INVALID_DESCRIPTOR", "target", "onion service descriptor is invalid"]],
  [0xf2, ["ERR_PROXY_ONION_INTRO_FAILED", "target", "onion service introduction failed"]],
  [0xf3, ["ERR_PROXY_ONION_RENDEZVOUS_FAILED", "target", "onion service rendezvous failed"]],
  [0xf4, ["ERR_PROXY_ONION_AUTH_REQUIRED", "target", "onion service wants client authorization"]],
  [0xf5, ["ERR_PROXY_ONION_AUTH_FAILED", "target", "onion service client authorization is wrong"]],
  [0xf6, ["ERR_PROXY_ONION_INVALID_ADDRESS", "target", "onion service address is invalid"]],
  [0xf7, ["ERR_PROXY_ONION_INTRO_TIMEOUT", "target", "onion service introduction timed out"]],
]);

/**
 * Makes the failure for a SOCKS5 reply code.
 *
 * @param rep The code, not 0x00.
 * @returns The failure.
 */
export function socks5ReplyFailure(rep: number): ProxyFailure {
  const [code, blame, text] = meanings.get(rep) ?? ["ERR_PROXY_REPLY", "proxy", "unassigned reply"];
  const hex = `0x${rep.toString(16).padStart(2, "0")}`;
  return {
    code,
    message: `proxy refused (${hex} ${text})`,
    blame,
    reply: { protocol: "socks5", code: rep },
  };
}
