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
export function fromByteString(text: string): Uint8Array {
  // Several times as fast as `Uint8Array.from`, and done at each CONNECT.
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/**
 * Drops the white space around a field's value (RFC 9110 §5.6.3): spaces and tabs. What `trim()` takes for a space beyond these
 * may be a byte of a character.
 *
 * @param text The value, a character per byte.
 * @returns The value without it.
 */
export function withoutOuterSpace(text: string): string {
  let from = 0;
  while (isSpace(text[from])) from++;
  return withoutFinalSpace(text.slice(from));
}

/**
 * Drops spaces and tabs at the end.
 *
 * @param text What may end with some.
 * @returns The same without them.
 */
export function withoutFinalSpace(text: string): string {
  // By a loop: a regular expression looks from each space on whether the rest is space, 0.5 s for 16 KiB of them.
  let to = text.length;
  while (isSpace(text[to - 1])) to--;
  return text.slice(0, to);
}

function isSpace(char: string | undefined): boolean {
  return char === " " || char === "\t";
}
