/**
 * What a failed system call or lookup is called, in Node's spelling on every runtime.
 *
 * - `EACCES`: not permitted, by the system or by the runtime's permissions (Deno).
 * - `EADDRINUSE`: the local address and port are taken.
 * - `EADDRNOTAVAIL`: the local address is not one of this machine's, or no local port is free, or the local address and port
 *   are those of another connection to the same peer.
 * - `EAGAIN`: the queue of the listener at a unix socket is full; another time there may be room (not on Bun, see
 *   `ECONNREFUSED`).
 * - `EAI_AGAIN`: the lookup failed for now; another time it may succeed.
 * - `ECONNREFUSED`: nobody listens there. **On Bun also** an unreachable network or host, the kernel's own connect time-out, a
 *   full queue and `ENOTDIR`, all of which Bun reports as refused.
 * - `ECONNRESET`, `EPIPE`: the other side cut the connection.
 * - `EHOSTUNREACH`, `ENETUNREACH`, `EHOSTDOWN`, `ENETDOWN`: no way there (not on Bun, see `ECONNREFUSED`).
 * - `EINVAL`: the zone of the address is no network interface of this machine; or a link-local address has no zone (Node 24
 *   then takes the first interface); or it has one where Deno's `node:net` dials, which takes none.
 * - `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`: this process or machine is out of descriptors or memory; not the peer's fault. Deno
 *   and Bun report the first two as failures of a name or a peer; they are recognised where a file may be read, or on Deno
 *   a port of the loopback listened on.
 * - `ENAMETOOLONG`: the path is longer than the 107 bytes that the address of a unix socket has room for.
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
 * What a proxy said, or failed to say, during its handshake. {@linkcode DialError.blame} tells whether the proxy or the
 * target is at fault: where a proxy reports its target down, or leaves open which it was, the proxy is not blamed.
 *
 * Of the proxy:
 * - `ERR_PROXY_AUTH_FAILED`: it refused the credentials (RFC 1929 status, HTTP 407, SOCKS4 0x5c and 0x5d).
 * - `ERR_PROXY_AUTH_REQUIRED`: it wants credentials and was given none.
 * - `ERR_PROXY_AUTH_UNSUPPORTED`: it takes none of the ways to authenticate that were offered.
 * - `ERR_PROXY_CLOSED`: it closed the connection before its answer was complete. Before it has begun to answer the request, this
 *   may as well be its way to say that the target is down, and nobody is blamed.
 * - `ERR_PROXY_COMMAND_UNSUPPORTED`: it makes no tunnels (SOCKS5 0x07, HTTP 405 and 501).
 * - `ERR_PROXY_OVERLOADED`: it takes no more for now (HTTP 429, and 503 with Retry-After).
 * - `ERR_PROXY_PROTOCOL`: what it answered is not its protocol.
 * - `ERR_PROXY_REPLY`: it refused with a code or status that has no meaning here; the message has it.
 *
 * Of neither:
 * - `ERR_PROXY_CREDENTIALS`: the function that gives the credentials failed, or gave some that cannot be sent.
 *
 * Of the target, as the proxy reports it:
 * - `ERR_PROXY_TARGET_ADDRESS_TYPE`: the proxy cannot reach this kind of address (SOCKS5 0x08).
 * - `ERR_PROXY_TARGET_FAILED`: no connection, and the proxy does not say why (SOCKS5 0x01, SOCKS4 0x5b, HTTP 5xx).
 * - `ERR_PROXY_TARGET_HOST_UNREACHABLE`, `ERR_PROXY_TARGET_NET_UNREACHABLE`: no way there (SOCKS5 0x04, 0x03).
 * - `ERR_PROXY_TARGET_NOT_ALLOWED`: the proxy's rules forbid it (SOCKS5 0x02, HTTP 403 and 451).
 * - `ERR_PROXY_TARGET_NOT_FOUND`: no such name (HTTP Proxy-Status).
 * - `ERR_PROXY_TARGET_REFUSED`: nobody listens there (SOCKS5 0x05).
 * - `ERR_PROXY_TARGET_TIMEOUT`: no answer in the proxy's time (SOCKS5 0x06 "TTL expired", HTTP 504).
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
 * Why a TLS handshake failed. A connection that breaks off in it has a {@linkcode SystemErrorCode}, mostly `ECONNRESET`.
 *
 * Of the peer's certificate, in Node's spelling on every runtime:
 * - `CERT_HAS_EXPIRED`, `CERT_NOT_YET_VALID`: it is out of its time.
 * - `DEPTH_ZERO_SELF_SIGNED_CERT`, `SELF_SIGNED_CERT_IN_CHAIN`: it, or its root, signed itself and is not trusted.
 * - `ERR_TLS_CERT_ALTNAME_INVALID`: it is for other names or IP addresses.
 * - `UNABLE_TO_VERIFY_LEAF_SIGNATURE`, `UNABLE_TO_GET_ISSUER_CERT`, `UNABLE_TO_GET_ISSUER_CERT_LOCALLY`: nobody trusted has
 *   signed it, or the peer leaves out certificates in between.
 * - `CERT_CHAIN_TOO_LONG`, `CERT_REJECTED`, `CERT_REVOKED`, `CERT_SIGNATURE_FAILURE`, `CERT_UNTRUSTED`, `INVALID_CA`,
 *   `INVALID_PURPOSE`, `PATH_LENGTH_EXCEEDED`: as their names say.
 * - `ERR_TLS_CERTIFICATE`: it is not accepted for another reason; the message has it.
 *
 * Of all else:
 * - `ERR_TLS_HANDSHAKE`: the peer refused by an alert, speaks no TLS, or no version, cipher or protocol in common; the message
 *   and the `cause` have what the runtime says of it.
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
 * - `ERR_DIAL_ADDRESS`: the address cannot be read, or names the wrong family for `tcp4` or `tcp6`.
 * - `ERR_DIAL_NETWORK`: the dialer does not know the network.
 * - `ERR_DIAL_MULTIADDR`: the multiaddr is not one that a stream dialer can reach.
 * - `ERR_DIAL_NO_DIALER`: the factory of dialers threw, or answered nothing that can dial.
 * - `ERR_DIAL_FAILED`: any other failure; the `cause` tells.
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
