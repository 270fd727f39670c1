/**
 * The code of a failed system call or lookup, in Node's spelling on every runtime.
 *
 * - `EACCES`: not permitted, by the system or by the runtime's permissions (Deno).
 * - `EADDRINUSE`: the local address and port are in use.
 * - `EADDRNOTAVAIL`: the local address does not belong to this machine, or no local port is free,
 *   or another connection to the same peer uses the local address and port.
 * - `EAGAIN`: the queue of the listener at a unix socket is full; a retry may succeed (not on Bun,
 *   see `ECONNREFUSED`).
 * - `EAI_AGAIN`: the lookup failed temporarily; a retry may succeed.
 * - `ECONNREFUSED`: no listener at the address. **On Bun also** an unreachable network or host, the
 *   kernel's own connect time-out, a full queue and `ENOTDIR`: Bun reports all of these as refused.
 * - `ECONNRESET`, `EPIPE`: the other side closed the connection abruptly.
 * - `EHOSTUNREACH`, `ENETUNREACH`, `EHOSTDOWN`, `ENETDOWN`: no route (not on Bun, see
 *   `ECONNREFUSED`).
 * - `EINVAL`: the zone of the address is no network interface of this machine; or a link-local
 *   address has no zone (Node 24 uses the first interface then); or the address has a zone and
 *   Deno's `node:net` dials, which accepts none.
 * - `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`: this process or machine is out of descriptors or
 *   memory; not the peer's fault. Deno and Bun report the first two as failures of a name or a
 *   peer. They are recognised where the process may read a file, or on Deno may listen on a
 *   loopback port.
 * - `ENAMETOOLONG`: the path is longer than 107 bytes, the limit of a unix socket address.
 * - `ENOENT`: no unix socket at the path.
 * - `ENOTFOUND`: no such name, or no address of the wanted family.
 * - `ENOTDIR`, `ENOTSOCK`: the path is not that of a unix socket (not on Bun, see `ECONNREFUSED`).
 * - `ETIMEDOUT`: a limit of the dialer or of the kernel ran out.
 */
export type SystemErrorCode =
  | "EACCES"
  | "EADDRINUSE"
  | "EADDRNOTAVAIL"
  | "EAFNOSUPPORT"
  | "EAGAIN"
  | "EAI_AGAIN"
  | "ECONNABORTED"
  | "ECONNREFUSED"
  | "ECONNRESET"
  | "EHOSTDOWN"
  | "EHOSTUNREACH"
  | "EINVAL"
  | "EMFILE"
  | "ENAMETOOLONG"
  | "ENETDOWN"
  | "ENETUNREACH"
  | "ENFILE"
  | "ENOBUFS"
  | "ENOENT"
  | "ENOMEM"
  | "ENOTDIR"
  | "ENOTFOUND"
  | "ENOTSOCK"
  | "EPERM"
  | "EPIPE"
  | "EPROTOTYPE"
  | "ETIMEDOUT";

/**
 * The code of a failed proxy handshake. {@linkcode DialError.blame} names the side at fault, the
 * proxy or the target. A proxy that reports its target down, or leaves the side open, is not
 * blamed.
 *
 * Of the proxy:
 * - `ERR_PROXY_AUTH_FAILED`: it refused the credentials (RFC 1929 status, HTTP 407, SOCKS4 0x5c and
 *   0x5d).
 * - `ERR_PROXY_AUTH_REQUIRED`: it requires credentials and none are configured.
 * - `ERR_PROXY_AUTH_UNSUPPORTED`: it accepts none of the offered authentication methods.
 * - `ERR_PROXY_CLOSED`: it closed the connection before its answer was complete. Before the first
 *   byte of an answer to the request, this may also mean that the target is down; then neither side
 *   is blamed.
 * - `ERR_PROXY_COMMAND_UNSUPPORTED`: it makes no tunnels (SOCKS5 0x07, HTTP 405 and 501).
 * - `ERR_PROXY_OVERLOADED`: it accepts no more requests for now (HTTP 429, and 503 with
 *   Retry-After).
 * - `ERR_PROXY_PROTOCOL`: its answer violates the protocol.
 * - `ERR_PROXY_REPLY`: it refused with a code or status that has no meaning here; the message
 *   contains it.
 *
 * Of neither:
 * - `ERR_PROXY_CREDENTIALS`: the credentials function failed, or returned credentials that cannot
 *   be sent.
 *
 * Of the target, as reported by the proxy:
 * - `ERR_PROXY_TARGET_ADDRESS_TYPE`: the proxy cannot reach this kind of address (SOCKS5 0x08).
 * - `ERR_PROXY_TARGET_FAILED`: no connection, for an unreported reason (SOCKS5 0x01, SOCKS4 0x5b,
 *   HTTP 5xx).
 * - `ERR_PROXY_TARGET_HOST_UNREACHABLE`, `ERR_PROXY_TARGET_NET_UNREACHABLE`: no route (SOCKS5 0x04,
 *   0x03).
 * - `ERR_PROXY_TARGET_NOT_ALLOWED`: the proxy's rules forbid it (SOCKS5 0x02, HTTP 403 and 451).
 * - `ERR_PROXY_TARGET_NOT_FOUND`: no such name (HTTP Proxy-Status).
 * - `ERR_PROXY_TARGET_REFUSED`: no listener at the address (SOCKS5 0x05).
 * - `ERR_PROXY_TARGET_TIMEOUT`: no answer within the proxy's time limit (SOCKS5 0x06 "TTL expired",
 *   HTTP 504).
 * - `ERR_PROXY_ONION_…`: Tor's own replies for onion services, 0xf0 to 0xf7 (Tor proposal 304).
 */
export type ProxyErrorCode =
  | "ERR_PROXY_AUTH_FAILED"
  | "ERR_PROXY_AUTH_REQUIRED"
  | "ERR_PROXY_AUTH_UNSUPPORTED"
  | "ERR_PROXY_CLOSED"
  | "ERR_PROXY_COMMAND_UNSUPPORTED"
  | "ERR_PROXY_CREDENTIALS"
  | "ERR_PROXY_ONION_AUTH_FAILED"
  | "ERR_PROXY_ONION_AUTH_REQUIRED"
  | "ERR_PROXY_ONION_INTRO_FAILED"
  | "ERR_PROXY_ONION_INTRO_TIMEOUT"
  | "ERR_PROXY_ONION_INVALID_ADDRESS"
  | "ERR_PROXY_ONION_INVALID_DESCRIPTOR"
  | "ERR_PROXY_ONION_NOT_FOUND"
  | "ERR_PROXY_ONION_RENDEZVOUS_FAILED"
  | "ERR_PROXY_OVERLOADED"
  | "ERR_PROXY_PROTOCOL"
  | "ERR_PROXY_REPLY"
  | "ERR_PROXY_TARGET_ADDRESS_TYPE"
  | "ERR_PROXY_TARGET_FAILED"
  | "ERR_PROXY_TARGET_HOST_UNREACHABLE"
  | "ERR_PROXY_TARGET_NET_UNREACHABLE"
  | "ERR_PROXY_TARGET_NOT_ALLOWED"
  | "ERR_PROXY_TARGET_NOT_FOUND"
  | "ERR_PROXY_TARGET_REFUSED"
  | "ERR_PROXY_TARGET_TIMEOUT";

/**
 * The code of a failed TLS handshake. A connection that breaks during the handshake has a
 * {@linkcode SystemErrorCode}, mostly `ECONNRESET`.
 *
 * Of the peer's certificate, in Node's spelling on every runtime:
 * - `CERT_HAS_EXPIRED`, `CERT_NOT_YET_VALID`: it is outside its validity period.
 * - `DEPTH_ZERO_SELF_SIGNED_CERT`, `SELF_SIGNED_CERT_IN_CHAIN`: it, or its root, is self-signed and
 *   not trusted.
 * - `ERR_TLS_CERT_ALTNAME_INVALID`: it is for other names or IP addresses.
 * - `UNABLE_TO_VERIFY_LEAF_SIGNATURE`, `UNABLE_TO_GET_ISSUER_CERT`,
 *   `UNABLE_TO_GET_ISSUER_CERT_LOCALLY`: no trusted authority signed it, or the peer omits
 *   intermediate certificates.
 * - `CERT_CHAIN_TOO_LONG`, `CERT_REJECTED`, `CERT_REVOKED`, `CERT_SIGNATURE_FAILURE`,
 *   `CERT_UNTRUSTED`, `INVALID_CA`, `INVALID_PURPOSE`, `PATH_LENGTH_EXCEEDED`: as named.
 * - `ERR_TLS_CERTIFICATE`: it is rejected for another reason; the message contains it.
 *
 * Of all else:
 * - `ERR_TLS_HANDSHAKE`: the peer refused by an alert, speaks no TLS, or has no version, cipher or
 *   protocol in common; the message and the `cause` contain the runtime's own error.
 */
export type TlsErrorCode =
  | "CERT_CHAIN_TOO_LONG"
  | "CERT_HAS_EXPIRED"
  | "CERT_NOT_YET_VALID"
  | "CERT_REJECTED"
  | "CERT_REVOKED"
  | "CERT_SIGNATURE_FAILURE"
  | "CERT_UNTRUSTED"
  | "DEPTH_ZERO_SELF_SIGNED_CERT"
  | "ERR_TLS_CERTIFICATE"
  | "ERR_TLS_CERT_ALTNAME_INVALID"
  | "ERR_TLS_HANDSHAKE"
  | "INVALID_CA"
  | "INVALID_PURPOSE"
  | "PATH_LENGTH_EXCEEDED"
  | "SELF_SIGNED_CERT_IN_CHAIN"
  | "UNABLE_TO_GET_ISSUER_CERT"
  | "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"
  | "UNABLE_TO_VERIFY_LEAF_SIGNATURE";

/**
 * The code of a {@linkcode DialError}.
 *
 * - `ERR_DIAL_ADDRESS`: the address cannot be parsed, or has the wrong family for `tcp4` or `tcp6`.
 * - `ERR_DIAL_NETWORK`: the dialer does not know the network.
 * - `ERR_DIAL_MULTIADDR`: the multiaddr is not one that a stream dialer can reach.
 * - `ERR_DIAL_NO_DIALER`: the dialer factory threw, or returned a value that is no dialer.
 * - `ERR_DIAL_FAILED`: any other failure; the `cause` has the details.
 */
export type DialErrorCode =
  | SystemErrorCode
  | ProxyErrorCode
  | TlsErrorCode
  | "ERR_DIAL_ADDRESS"
  | "ERR_DIAL_FAILED"
  | "ERR_DIAL_MULTIADDR"
  | "ERR_DIAL_NETWORK"
  | "ERR_DIAL_NO_DIALER";
