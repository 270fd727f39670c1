/** What would move a terminal's cursor, change its colours, turn the text's direction or hide in it. */
const controls = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Makes a text fit for a terminal: names and messages may come from anywhere. */
export function escapeControls(text: string): string {
  return text.replace(controls, (found) => {
    const code = found.codePointAt(0)!.toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
  });
}
