const [lf, cr] = [0x0a, 0x0d];

/** Makes a function that turns each LF of a stream into CRLF, and leaves a CRLF as it is. */
export function crlfEncoder(): (chunk: Uint8Array) => Uint8Array {
  let last = 0;
  return (chunk) => {
    const out = new Uint8Array(2 * chunk.byteLength);
    let size = 0;
    for (const byte of chunk) {
      if (byte === lf && last !== cr) out[size++] = cr;
      out[size++] = last = byte;
    }
    return out.subarray(0, size);
  };
}
