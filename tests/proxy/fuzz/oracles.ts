/**
 * What the answer of a proxy amounts to, read again by other means: the whole answer at once, from the documents. Nothing of
 * `src/` is used here, so that a mistake must be made twice to go unnoticed.
 */
export type Verdict =
  | { readonly state: "done"; readonly tunnel: Uint8Array }
  | { readonly state: "refused"; readonly code: number }
  | { readonly state: "invalid" }
  | { readonly state: "incomplete" };

/**
 * RFC 1928 and 1929, for a client that offered these methods. Credentials that were sent with the greeting may be answered in
 * place of it, as Tor does.
 */
export function readSocks5Answer(
  bytes: Uint8Array,
  offered: readonly number[],
  credentialsSent: boolean,
): Verdict {
  let rest = bytes;
  if (rest.length < 2) return { state: "incomplete" };
  const [version, method] = rest as unknown as number[];
  const skipsMethod = credentialsSent && version === 1;
  if (version !== 5 && !skipsMethod) return { state: "invalid" };
  if (!skipsMethod) {
    if (!offered.includes(method!)) {
      return method === 255 ? { state: "refused", code: 255 } : { state: "invalid" };
    }
    rest = rest.subarray(2);
  }
  if (skipsMethod || method === 2) {
    if (rest.length < 2) return { state: "incomplete" };
    if (rest[0] !== 1 && rest[0] !== 5) return { state: "invalid" };
    if (rest[1] !== 0) return { state: "refused", code: rest[1]! };
    rest = rest.subarray(2);
  }
  if (rest.length < 2) return { state: "incomplete" };
  if (rest[0] !== 5) return { state: "invalid" };
  if (rest[1] !== 0) return { state: "refused", code: rest[1]! };
  if (rest.length < 5) return { state: "incomplete" };
  const lengths: Record<number, number> = { 1: 10, 3: 7 + rest[4]!, 4: 22 };
  const length = lengths[rest[3]!];
  if (length === undefined) return { state: "invalid" };
  if (rest.length < length) return { state: "incomplete" };
  return { state: "done", tunnel: rest.subarray(length) };
}

/** The SOCKS4 memo. */
export function readSocks4Answer(bytes: Uint8Array): Verdict {
  if (bytes.length < 2) return { state: "incomplete" };
  if (bytes[0] !== 0 && bytes[0] !== 4) return { state: "invalid" };
  if (bytes[1] !== 90) return { state: "refused", code: bytes[1]! };
  return bytes.length < 8 ? { state: "incomplete" } : { state: "done", tunnel: bytes.subarray(8) };
}

const headGrammar = new RegExp(
  "^HTTP/1\\.[0-9] ([1-9][0-9][0-9])(?: [^\\r\\n\\0]*)?\\r?\\n" +
    "(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \\t]*:[^\\r\\n\\0]*\\r?\\n(?:[ \\t][^\\r\\n\\0]*\\r?\\n)*)*" +
    "\\r?\\n",
);

/** RFC 9110 §9.3.6 and RFC 9112; `invalid` stands for `incomplete` too, which a grammar cannot tell apart. */
export function readHttpAnswer(bytes: Uint8Array): Verdict {
  const text = Array.from(bytes.subarray(0, 16_384), (byte) => String.fromCharCode(byte)).join("");
  let at = 0;
  for (;;) {
    const head = headGrammar.exec(text.slice(at));
    if (head === null) return { state: "invalid" };
    at += head[0].length;
    const status = Number(head[1]);
    if (status === 101) return { state: "invalid" };
    if (status >= 200 && status < 300) return { state: "done", tunnel: bytes.subarray(at) };
    if (status >= 200) return { state: "refused", code: status };
  }
}
