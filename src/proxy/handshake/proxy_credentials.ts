/** User name and password for a proxy. */
export interface ProxyCredentials {
  /** The user name. */
  readonly username: string;
  /** The password. */
  readonly password: string;
}

/**
 * Encodes a part of the credentials in UTF-8. Errors never quote the value.
 *
 * @param text The value.
 * @param what Name of the value, for the error: `user name`, `password`.
 * @param protocol The protocol that sets the limits, for the error.
 * @param min The least number of bytes.
 * @param max The greatest number of bytes.
 * @returns The bytes.
 * @throws {TypeError} If the value is not a string, not well-formed Unicode, or has too few or too
 *   many **bytes**.
 */
export function credentialBytes(
  text: string,
  what: string,
  protocol: string,
  min: number,
  max: number,
): Uint8Array {
  if (typeof text !== "string") throw new TypeError(`the ${what} of the proxy is not a string`);
  // `TextEncoder` would replace a lone surrogate with U+FFFD, and send another secret.
  if (/\p{Surrogate}/u.test(text)) {
    throw new TypeError(`the ${what} of the proxy is not well-formed Unicode`);
  }
  const bytes = new TextEncoder().encode(text);
  if (bytes.length < min || bytes.length > max) {
    throw new TypeError(
      `the ${what} of the proxy has ${bytes.length} bytes, ${protocol} takes ${min} to ${max}`,
    );
  }
  return bytes;
}
