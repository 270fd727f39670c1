import { fromByteString } from "../http/byte_string.ts";
import { textEscapesAt } from "./text_escapes.ts";

/** Matching bytes that identify a longer secret. */
const TELLTALE = 64;
/** Matching bytes that identify a secret at the end of the text, where the rest is cut off. */
const REMNANT = 4;
/**
 * Characters of the shortest secret that is masked. A shorter one occurs in too many words, so the
 * whole text is omitted.
 */
const MIN_MASKED = 4;

/**
 * Bytes beyond the limit that {@linkcode quotable} needs, so that no secret is cut at the limit.
 */
export const LOOKAHEAD_BYTES: number = TELLTALE;

/**
 * Cleans received text for an error message: one line of limited length, without control and
 * formatting characters (which can rewrite a terminal or reverse the reading direction). Secrets of
 * the request are masked, also as HTML, URL or JSON escapes: error pages repeat them.
 *
 * @param text The received text, one character per byte.
 * @param secrets The secrets to mask, one character per byte.
 * @param maxBytes Most bytes of `text` to quote.
 * @returns The text, decoded as UTF-8, with `***` for secrets; empty if it contains a secret of
 *   fewer than four characters.
 */
export function quotable(text: string, secrets: readonly string[], maxBytes: number): string {
  const sought = secrets.filter((secret) => secret !== "").map(secretOf);
  let masked = "";
  for (let at = 0; at < Math.min(text.length, maxBytes);) {
    let hidden = 0;
    for (const secret of sought) {
      const length = secretAt(text, at, secret);
      if (length > 0 && secret.codePoints.size < MIN_MASKED) return "";
      hidden = Math.max(hidden, length);
    }
    masked += hidden > 0 ? "***" : text[at];
    at += Math.max(hidden, 1);
  }
  return new TextDecoder().decode(fromByteString(masked))
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s\ufffd]+/gu, " ").trim();
}

/**
 * Quotes the caller's text for an error message: one line of limited length, with control and
 * formatting characters escaped.
 *
 * @param text The text; must not be secret.
 * @returns The text in quotation marks.
 */
export function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  // `JSON.stringify` does not escape DEL, C1 controls, line separators and direction marks.
  return JSON.stringify(short).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );
}

/** A secret, prepared for the search. */
interface Secret {
  /** Its bytes, one character each. */
  readonly bytes: string;
  /** Its code points by byte offset. */
  readonly codePoints: ReadonlyMap<number, { readonly codePoint: number; readonly size: number }>;
}

function secretOf(bytes: string): Secret {
  const codePoints = new Map<number, { codePoint: number; size: number }>();
  let at = 0;
  for (const char of decoded(bytes)) {
    const codePoint = char.codePointAt(0)!;
    const size = codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    codePoints.set(at, { codePoint, size });
    at += size;
  }
  return { bytes, codePoints };
}

function decoded(bytes: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(fromByteString(bytes));
  } catch {
    // The value of a header field may be in any encoding, so each byte counts as a character.
    return "\0".repeat(bytes.length);
  }
}

/**
 * Returns the length of the secret in the text at `at`, its characters plain or escaped; 0 if it is
 * not there.
 */
function secretAt(text: string, at: number, { bytes, codePoints }: Secret): number {
  if (!mayBegin(text, at, bytes)) return 0;
  /** For each prefix length of the secret, the offsets in the text where it may end. */
  const ends: Set<number>[] = [new Set([at])];
  let same = 0;
  for (let index = 0; index <= same && index < bytes.length; index++) {
    const char = codePoints.get(index);
    for (const from of ends[index] ?? []) {
      if (index >= REMNANT && isCutOff(text, from)) return text.length - at;
      for (const { value, end } of textEscapesAt(text, from)) {
        const size = value === bytes.charCodeAt(index)
          ? 1
          : value === char?.codePoint
          ? char.size
          : undefined;
        if (size === undefined) continue;
        (ends[index + size] ??= new Set()).add(end);
        same = Math.max(same, index + size);
      }
    }
  }
  return same === bytes.length || same >= TELLTALE ? Math.max(...ends[same]!) - at : 0;
}

/** Excludes most offsets cheaply. */
function mayBegin(text: string, at: number, secret: string): boolean {
  const char = text[at]!;
  return char === secret[0] || char === "%" || char === "&" || char === "\\" || char === "+" ||
    char > "\x7f";
}

/** Whether the text ends at `at`, or within an escape that begins there. */
function isCutOff(text: string, at: number): boolean {
  return text.length - at <= LONGEST_ESCAPE && beginsEscape.test(text.slice(at));
}

const LONGEST_ESCAPE = 12;
const beginsEscape = new RegExp(
  [
    "%(?:u[0-9a-f]{0,3}|[0-9a-f]?)",
    "&[#0-9a-z]{0,11}",
    // Also the second half of a JSON surrogate pair.
    String.raw`(?:\\ud[89ab][0-9a-f]{2})?\\(?:u\{?[0-9a-f]{0,6}|x[0-9a-f]?)?`,
  ].map((begin) => `^${begin}$`).join("|") + "|^$",
  "i",
);
