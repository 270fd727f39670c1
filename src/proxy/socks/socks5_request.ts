import { concatBytes } from "../handshake/concat_bytes.ts";
import { credentialBytes, type ProxyCredentials } from "../handshake/proxy_credentials.ts";
import type { ProxyTarget } from "../dial/proxy_target.ts";

/**
 * Encodes user name and password (RFC 1929 §2).
 *
 * @param credentials The user name and the password.
 * @returns The bytes to send.
 * @throws {TypeError} If one of them is empty or longer than 255 bytes; the message has its length,
 *   not its value.
 */
export function encodeSocks5Credentials(credentials: ProxyCredentials): Uint8Array {
  const username = credentialBytes(credentials.username, "user name", "SOCKS5", 1, 255);
  const password = credentialBytes(credentials.password, "password", "SOCKS5", 1, 255);
  return concatBytes([
    Uint8Array.of(1, username.length),
    username,
    Uint8Array.of(password.length),
    password,
  ]);
}

/**
 * Encodes a CONNECT (RFC 1928 §4, §5): IP addresses as addresses, names as names.
 *
 * @param target The target of the tunnel.
 * @returns The bytes to send.
 */
export function encodeSocks5Request(target: ProxyTarget): Uint8Array {
  const port = Uint8Array.of(target.port >> 8, target.port & 0xff);
  if (target.kind === "ip") {
    return concatBytes([Uint8Array.of(5, 1, 0, target.family === 4 ? 1 : 4), target.bytes, port]);
  }
  const name = new TextEncoder().encode(target.host);
  return concatBytes([Uint8Array.of(5, 1, 0, 3, name.length), name, port]);
}
