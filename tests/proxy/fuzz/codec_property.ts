import fc from "fast-check";

/** Something that holds for every input of a codec or parser. */
export interface CodecProperty {
  /** What holds, as a sentence. */
  readonly name: string;
  /** Which part of all inputs it gets, in relation to the others. */
  readonly share: number;
  /** The check. */
  readonly property: fc.IProperty<unknown>;
}

/** Makes a property of inputs and a check that throws. */
export function holds<T>(
  name: string,
  share: number,
  inputs: fc.Arbitrary<T>,
  check: (input: T) => void,
): CodecProperty {
  return { name, share, property: fc.property(inputs, check) as fc.IProperty<unknown> };
}

/** Bytes that are mostly pieces of the protocol and now and then anything, or very many of anything. */
export function almost(pieces: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const piece = fc.constantFrom(...pieces);
  const noise = fc.uint8Array({ maxLength: 12 });
  const flood = fc.tuple(
    fc.constantFrom(...pieces, Uint8Array.of(0)),
    fc.integer({ min: 66_000, max: 140_000 }),
  )
    .map(([unit, size]) =>
      Uint8Array.from({ length: size }, (_, index) => unit[index % unit.length] ?? 0)
    );
  const part = fc.oneof({ weight: 6, arbitrary: piece }, { weight: 2, arbitrary: noise });
  const parts = fc.array(part, { maxLength: 8 }).map(join);
  const flipped = fc.tuple(parts, fc.nat(), fc.nat(255)).map(([bytes, at, value]) => {
    if (bytes.length > 0) bytes[at % bytes.length] = value;
    return bytes;
  });
  const flooded = fc.tuple(parts, flood).map(join);
  return fc.oneof(
    { weight: 600, arbitrary: parts },
    { weight: 300, arbitrary: flipped },
    { weight: 1, arbitrary: flooded },
  );
}

/** Cuts bytes into chunks of the given sizes, over and over. */
export function chop(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    // Byte by byte is for the small ones; a flood in chunks of one would only test patience.
    const size = Math.max(
      sizes[index % sizes.length] ?? bytes.length,
      Math.ceil(bytes.length / 300),
    );
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

/** Sizes for {@linkcode chop}. */
export const chunkSizes: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 1, max: 40 }), {
  maxLength: 6,
});

export function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
