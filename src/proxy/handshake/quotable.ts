import { fromByteString } from "../http/byte_string.ts";
import { textEscapesAt } from "./text_escapes.ts";

/** So many bytes of a longer secret are enough to recognise it by. */
const TELLTALE = 64;
/**
 * So many bytes of a secret at the end of the text, where the rest was cut off, are taken for it.
 */
const REMNANT = 4;
/** A shorter secret is part of too many words to mask it where it stands: the text is left out. */
const MIN_MASKED = 4;

/**
 * How many bytes beyond the limit {@linkcode quotable} wants to see, so that no secret is cut at
 * the limit.
 */
export const LOOKAHEAD_BYTES: number = TELLTALE;

/**
 * Makes what a stranger sent fit to be quoted in an error: on one line, bounded, without control
 * and formatting characters (which can rewrite a terminal or turn the reading direction), and
 * without our own secrets, which error pages repeat, also in the escapes of HTML, URLs and JSON.
 *
 * @param text What came, a character per byte.
 * @param secrets What must not show, a character per byte.
 * @param maxBytes How many bytes of `text` are quoted at most.
 * @returns The text, decoded as UTF-8, with `***` for secrets; empty if it has a secret of fewer
 *   than four characters.
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
 * Quotes what a user wrote, in an error: on one line, bounded, with control and formatting
 * characters escaped.
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

/** A secret, ready to be looked for. */
interface Secret {
  /** Its bytes, a character each. */
  readonly bytes: string;
  /** Where its characters begin and which they are. */
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
    // The value of a header field may be in any encoding: each byte counts for itself.
    return "\0".repeat(bytes.length);
  }
}

/**
 * How much of the text at `at` is the secret, each of its characters as it is or escaped; 0 if it
 * is not.
 */
function secretAt(text: string, at: number, { bytes, codePoints }: Secret): number {
  if (!mayBegin(text, at, bytes)) return 0;
  /** For each beginning of the secret, where in the text it may end. */
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

/** Rules most places out at once. */
function mayBegin(text: string, at: number, secret: string): boolean {
  const char = text[at]!;
  return char === secret[0] || char === "%" || char === "&" || char === "\\" || char === "+" ||
    char > "\x7f";
}

/** Whether the text ends here, or within an escape. */
function isCutOff(text: string, at: number): boolean {
  return text.length - at <= LONGEST_ESCAPE && beginsEscape.test(text.slice(at));
}

const LONGEST_ESCAPE = 12;
const beginsEscape = new RegExp(
  [
    "%(?:u[0-9a-f]{0,3}|[0-9a-f]?)",
    "&[#0-9a-z]{0,11}",
    // Also the second half of what JSON writes as two.
    String.raw`(?:\\ud[89ab][0-9a-f]{2})?\\(?:u\{?[0-9a-f]{0,6}|x[0-9a-f]?)?`,
  ].map((begin) => `^${begin}$`).join("|") + "|^$",
  "i",
);
