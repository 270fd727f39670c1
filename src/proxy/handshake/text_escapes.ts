/** A character, and its end offset in the text. */
interface TextEscape {
  /** The code point, or one byte of it. */
  readonly value: number;
  readonly end: number;
}

const named: Readonly<Record<string, string>> = {
  ...{ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " ", sol: "/", bsol: "\\" },
  ...{ colon: ":", commat: "@", num: "#", percnt: "%", plus: "+", excl: "!", quest: "?" },
  ...{ b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" },
};

const percent = /%(?:u([0-9a-f]{4})|([0-9a-f]{2}))/iy;
const html = /&(?:#x([0-9a-f]{1,8})|#([0-9]{1,9})|([a-z]{2,6}));?/iy;
const json = /\\(?:u([0-9a-f]{4})|x([0-9a-f]{2})|u\{([0-9a-f]{1,6})\}|([^0-9a-z]|[bfnrt]))/iy;

/**
 * Reads a character, plain or escaped as in HTML, URLs and JSON.
 *
 * @param text The text, one character per byte.
 * @param at The offset.
 * @returns All possible readings, the plain character first; none at the end of the text.
 */
export function textEscapesAt(text: string, at: number): readonly TextEscape[] {
  if (at >= text.length) return [];
  const plain = { value: text.charCodeAt(at), end: at + 1 };
  const char = text[at]!;
  if (char === "+") return [plain, { value: 0x20, end: at + 1 }];
  const pattern = char === "%" ? percent : char === "&" ? html : char === "\\" ? json : undefined;
  if (pattern === undefined) return [plain];
  const match = matchAt(pattern, text, at);
  if (match === null) return [plain];
  const value = valueOf(char, match);
  if (value === undefined) return [plain];
  let end = at + match[0].length;
  if (value < 0xd800 || value > 0xdbff) return [plain, { value, end }];
  // JSON escapes a code point above U+FFFF as a surrogate pair.
  const low = matchAt(pattern, text, end);
  const second = low?.[1] === undefined ? 0 : Number.parseInt(low[1], 16);
  if (second < 0xdc00 || second > 0xdfff) return [plain];
  end += low![0].length;
  return [plain, { value: 0x10000 + ((value - 0xd800) << 10) + second - 0xdc00, end }];
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function valueOf(kind: string, match: RegExpExecArray): number | undefined {
  const [, first, second, third, fourth] = match;
  if (kind === "&") {
    if (first !== undefined) return Number.parseInt(first, 16);
    if (second !== undefined) return Number(second);
    return codeOf(third!.toLowerCase(), undefined);
  }
  const hex = first ?? second ?? third;
  if (hex !== undefined) return Number.parseInt(hex, 16);
  return fourth === undefined ? undefined : codeOf(fourth, fourth);
}

function codeOf(name: string, otherwise: string | undefined): number | undefined {
  const char = Object.hasOwn(named, name) ? named[name] : otherwise;
  return char?.charCodeAt(0);
}
