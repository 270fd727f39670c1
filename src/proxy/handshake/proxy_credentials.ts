/** What a proxy knows its user by. */
export interface ProxyCredentials {
  /** The user name. */
  readonly username: string;
  /** The password. */
  readonly password: string;
}

/**
 * Encodes a part of the credentials in UTF-8. The value never shows in an error.
 *
 * @param text The value.
 * @param what What it is, for the error: `user name`, `password`.
 * @param protocol The protocol that limits it, for the error.
 * @param min The least number of bytes.
 * @param max The greatest number of bytes.
 * @returns The bytes.
 * @throws {TypeError} If it is not a string, not well-formed Unicode, or has too few or too many **bytes**.
 */
export function credentialBytes(
  text: string,
  what: string,
  protocol: string,
  min: number,
  max: number,
): Uint8Array {
  if (typeof text !== "string") throw new TypeError(`the ${what} of the proxy is not a string`);
  // A lone surrogate would be sent as U+FFFD: another secret than the one that was meant.
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
