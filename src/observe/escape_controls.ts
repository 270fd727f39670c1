/**
 * Characters that move a terminal's cursor, change its colours, reverse the text's direction or are
 * invisible.
 */
const controls = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Escapes control characters for a terminal: names and messages are untrusted input. */
export function escapeControls(text: string): string {
  return text.replace(controls, (found) => {
    const code = found.codePointAt(0)!.toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
  });
}
