import { optionOf, otherOptions } from "../../core/options.ts";
import { byteString, fromByteString, withoutOuterSpace } from "./byte_string.ts";
import { credentialBytes, type ProxyCredentials } from "../handshake/proxy_credentials.ts";
import type { ProxyTarget } from "../dial/proxy_target.ts";

/** Header fields, by name or as pairs. A name may come several times in pairs. */
export type HttpHeaders =
  | Readonly<Record<string, string>>
  | Iterable<readonly [name: string, value: string]>;

/** The part that all CONNECT requests to one proxy share, validated and ready to send. */
export interface HttpConnectHeader {
  /** The header lines after Host, each ended with CR LF. */
  readonly lines: string;
  /** Whether the request has credentials. */
  readonly authenticates: boolean;
  /**
   * Values to mask in errors if the proxy repeats them; one character per byte, some may be empty.
   */
  readonly secrets: readonly string[];
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;
/**
 * Fields that delimit the message or name the target: with two values the proxy could read two
 * requests.
 */
const ours = new Set(["host", "content-length", "transfer-encoding"]);

/**
 * Validates header fields and credentials, and formats the lines that all CONNECT requests to a
 * proxy share.
 *
 * @param headers Additional fields (RFC 9110 §5), except Host, Content-Length and
 *   Transfer-Encoding.
 * @param credentials Credentials for `Proxy-Authorization: Basic` (RFC 7617), sent in UTF-8.
 * @returns The lines.
 * @throws {TypeError} If a name is not a token, a value has a CR, LF, NUL or another control
 *   character or one beyond U+00FF, a field is one of the excluded three, or the credentials cannot
 *   be encoded. The message never quotes names or values.
 */
export function httpConnectHeader(
  headers: HttpHeaders = {},
  credentials?: ProxyCredentials,
): HttpConnectHeader {
  let authenticates = false;
  const secrets: string[] = [];
  let lines = "";
  for (const [index, [name, given]] of headerFields(headers).entries()) {
    checkField(name, given, `header field ${index + 1}`);
    const value = withoutOuterSpace(given);
    if (name.toLowerCase() === "proxy-authorization") {
      if (credentials !== undefined) {
        throw new TypeError(
          "Proxy-Authorization is given both as a header field and as credentials",
        );
      }
      authenticates = true;
    }
    lines += `${name}: ${value}\r\n`;
    secrets.push(value);
    // The scheme of an Authorization is not secret, and the proxy may repeat the rest alone.
    const [, parameter] = /^\S+ +(\S+)$/.exec(value) ?? [];
    if (parameter !== undefined) secrets.push(parameter);
  }
  if (credentials !== undefined) {
    authenticates = true;
    const basic = encodeBasicCredentials(credentials);
    lines += `Proxy-Authorization: Basic ${basic}\r\n`;
    // Without the padding, which the proxy may repeat in escaped form.
    secrets.push(basic.replace(/=+$/, ""));
    const [username, password] = [credentials.username, credentials.password].map((text) =>
      byteString(new TextEncoder().encode(text))
    ) as [string, string];
    secrets.push(password, username);
  }
  return { lines, authenticates, secrets };
}

/**
 * Copies header fields.
 *
 * @param headers The fields.
 * @returns Pairs of a name and a value, not validated yet.
 * @throws {TypeError} If they are neither an object nor pairs.
 */
export function headerFields(headers: unknown): readonly (readonly [string, string])[] {
  if (typeof headers === "object" && headers !== null) {
    const iterates = optionOf(headers, Symbol.iterator) !== undefined;
    const fields: unknown[] = iterates
      ? [...headers as Iterable<unknown>]
      : Object.entries(otherOptions(headers, []));
    if (fields.every(Array.isArray)) return fields as [string, string][];
  }
  throw new TypeError("headers must be an object, or pairs of a name and a value");
}

/**
 * Encodes the request of RFC 9110 §9.3.6: authority form, always with the port, IPv6 in brackets,
 * and the same in Host.
 *
 * @param target The target of the tunnel.
 * @param header The header lines after Host.
 * @returns The bytes to send.
 */
export function encodeConnectRequest(target: ProxyTarget, header: HttpConnectHeader): Uint8Array {
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  const authority = `${host}:${target.port}`;
  const head = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${header.lines}\r\n`;
  return fromByteString(head);
}

/**
 * Encodes credentials for Basic authentication (RFC 7617 §2) in UTF-8.
 *
 * @param credentials The user name, without a colon, and the password; either may be empty.
 * @returns The base64 of both.
 * @throws {TypeError} If the user name has a colon, or either has a control character; the message
 *   does not quote them.
 */
export function encodeBasicCredentials(credentials: ProxyCredentials): string {
  const { username, password } = credentials;
  const max = 8192;
  const pair = [
    credentialBytes(username, "user name", "HTTP", 0, max),
    Uint8Array.of(0x3a),
    credentialBytes(password, "password", "HTTP", 0, max),
  ];
  if (username.includes(":")) {
    throw new TypeError("the user name of the proxy has a colon, which HTTP Basic cannot carry");
  }
  if (/\p{Cc}/u.test(username + password)) {
    throw new TypeError("the credentials of the proxy have a control character");
  }
  return btoa(pair.map(byteString).join(""));
}

/** Validates a field. The error quotes neither name nor value: either may be a misplaced secret. */
function checkField(name: string, value: string, field: string): void {
  if (typeof name !== "string" || !token.test(name)) {
    throw new TypeError(`the name of ${field} is not that of a header field`);
  }
  if (ours.has(name.toLowerCase())) {
    const set = "Host, Content-Length and Transfer-Encoding are not the caller's";
    throw new TypeError(`${field} of a CONNECT request cannot be set: ${set}`);
  }
  if (typeof value !== "string" || !fieldValue.test(value)) {
    throw new TypeError(`the value of ${field} has a character that is not allowed`);
  }
}
