import { bytesOf } from "./byte_string.ts";

/** So much of a longer secret is enough to recognise it by. */
const TELLTALE = 64;
/** So much of a secret at the end of the text, where the rest was cut off, is taken for it. */
const REMNANT = 4;

/** How many bytes beyond the limit {@linkcode quotable} wants to see, so that no secret is cut at the limit. */
export const LOOKAHEAD_BYTES: number = TELLTALE;

/**
 * Makes what a stranger sent fit to be quoted in an error: on one line, bounded, without control and formatting characters
 * (which can rewrite a terminal or turn the reading direction), and without our own secrets, which error pages repeat.
 *
 * @param text What came, a character per byte.
 * @param secrets What must not show, a character per byte.
 * @param maxBytes How many bytes of `text` are quoted at most.
 * @returns The text, decoded as UTF-8.
 */
export function quotable(text: string, secrets: readonly string[], maxBytes: number): string {
  let masked = "";
  for (let at = 0; at < Math.min(text.length, maxBytes);) {
    const hidden = Math.max(0, ...secrets.map((secret) => secretAt(text, at, secret)));
    masked += hidden > 0 ? "***" : text[at];
    at += Math.max(hidden, 1);
  }
  return new TextDecoder().decode(bytesOf(masked))
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s\ufffd]+/gu, " ").trim();
}

/**
 * Quotes what a user wrote, in an error: on one line, bounded, with control and formatting characters escaped.
 *
 * @param text What was written; no secret.
 * @returns The text in quotation marks.
 */
export function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  // JSON leaves DEL, C1 controls, line separators and marks of direction as they are.
  return JSON.stringify(short).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );
}

/** How many characters of the secret stand at `at`, if it is the secret. */
function secretAt(text: string, at: number, secret: string): number {
  let same = 0;
  while (same < secret.length && at + same < text.length && text[at + same] === secret[same]) {
    same++;
  }
  const cutOff = at + same === text.length && same >= REMNANT;
  return same === secret.length || same >= TELLTALE || cutOff ? same : 0;
}
