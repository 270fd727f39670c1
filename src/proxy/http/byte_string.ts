/**
 * Converts bytes to a string with one character per byte. `TextDecoder("latin1")` would decode
 * windows-1252 by its standard, and change 0x80 to 0x9f.
 *
 * @param bytes The bytes.
 * @returns A string of the same length, U+0000 to U+00FF.
 */
export function byteString(bytes: Uint8Array): string {
  let text = "";
  // In parts: each byte becomes an argument, and a call has a limit of some ten thousand.
  for (let at = 0; at < bytes.length; at += 4096) {
    // Not a spread, which would call the array's iterator for each byte.
    const part = bytes.subarray(at, at + 4096) as unknown as number[];
    text += String.fromCharCode.apply(null, part);
  }
  return text;
}

/**
 * Converts a string from {@linkcode byteString} back to bytes.
 *
 * @param text A string of U+0000 to U+00FF.
 * @returns The bytes.
 */
export function fromByteString(text: string): Uint8Array {
  // Several times as fast as `Uint8Array.from`; it runs at each CONNECT.
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/**
 * Removes spaces and tabs around a field's value (RFC 9110 §5.6.3). `trim()` would remove more,
 * such as U+00A0, which may be a byte of a multibyte character.
 *
 * @param text The value, one character per byte.
 * @returns The trimmed value.
 */
export function withoutOuterSpace(text: string): string {
  let from = 0;
  while (isSpace(text[from])) from++;
  return withoutFinalSpace(text.slice(from));
}

/**
 * Removes spaces and tabs at the end.
 *
 * @param text The text.
 * @returns The trimmed text.
 */
export function withoutFinalSpace(text: string): string {
  // A loop: a regular expression would scan the rest from each space, which needs 0.5 s for 16 KiB
  // of spaces.
  let to = text.length;
  while (isSpace(text[to - 1])) to--;
  return text.slice(0, to);
}

function isSpace(char: string | undefined): boolean {
  return char === " " || char === "\t";
}
