/**
 * Gives bytes as a string with a character per byte (`TextDecoder("latin1")` is windows-1252 by its standard, and moves
 * 0x80 to 0x9f).
 *
 * @param bytes The bytes.
 * @returns A string of the same length, U+0000 to U+00FF.
 */
export function byteString(bytes: Uint8Array): string {
  let text = "";
  // In parts: each byte becomes an argument, of which a call takes some ten thousand.
  for (let at = 0; at < bytes.length; at += 4096) {
    // Not spread, which asks the array's iterator for each byte.
    const part = bytes.subarray(at, at + 4096) as unknown as number[];
    text += String.fromCharCode.apply(null, part);
  }
  return text;
}

/**
 * Undoes {@linkcode byteString}.
 *
 * @param text A string of U+0000 to U+00FF.
 * @returns The bytes.
 */
export function bytesOf(text: string): Uint8Array {
  // Several times as fast as `Uint8Array.from`, and done at each CONNECT.
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}
