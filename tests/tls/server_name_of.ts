/** Reads the server name of a ClientHello (RFC 8446 §4.1.2, RFC 6066 §3). */
export function serverNameOf(record: Uint8Array): string | undefined {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  // Past the headers, the version and the random bytes.
  let at = 5 + 4 + 2 + 32;
  at += 1 + view.getUint8(at);
  at += 2 + view.getUint16(at);
  at += 1 + view.getUint8(at);
  const end = at + 2 + view.getUint16(at);
  at += 2;
  while (at < end) {
    const type = view.getUint16(at);
    const length = view.getUint16(at + 2);
    at += 4;
    if (type === 0) return new TextDecoder().decode(record.subarray(at + 5, at + length));
    at += length;
  }
  return undefined;
}
