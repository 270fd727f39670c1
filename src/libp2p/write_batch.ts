/** The data of the next write, in one call to the system. */
export interface WriteBatch {
  readonly data: Uint8Array | readonly Uint8Array[];
  readonly bytes: number;
  /** The index of the first piece after the batch. */
  readonly end: number;
}

/** Memory to join pieces in. */
export interface SpareMemory {
  readonly bytes: number;
  take(): Uint8Array;
}

/**
 * Makes a batch for a connection without writev: joins the pieces.
 *
 * @param pieces The pieces to write.
 * @param start The index of the first piece of the batch.
 * @param spare The memory to copy to, which limits the size of a batch of several pieces.
 * @returns The batch.
 */
export function joinedBatch(
  pieces: readonly Uint8Array[],
  start: number,
  spare: SpareMemory,
): WriteBatch {
  const first = pieces[start]!;
  let end = start + 1;
  let bytes = first.byteLength;
  // A piece this large is written alone: copying it would cost more than a write.
  if (bytes < spare.bytes / 2) {
    while (end < pieces.length && bytes + pieces[end]!.byteLength <= spare.bytes) {
      bytes += pieces[end]!.byteLength;
      end++;
    }
  }
  if (end === start + 1) return { data: first, bytes, end };
  const joined = spare.take();
  let offset = 0;
  for (let index = start; index < end; index++) {
    joined.set(pieces[index]!, offset);
    offset += pieces[index]!.byteLength;
  }
  return { data: joined.subarray(0, bytes), bytes, end };
}

/** The limit of a gathered write, plus one piece; larger writes are hardly faster. */
const gatheredBytes = 512 * 1024;
/** A piece smaller than this is cheaper to copy than to gather. */
const smallBytes = 8 * 1024;

/**
 * Makes a batch for a connection with writev: large pieces are not copied, small ones between them
 * are joined.
 *
 * @param pieces The pieces to write.
 * @param start The index of the first piece of the batch.
 * @param spare The memory to copy small pieces to.
 * @returns The batch.
 */
export function gatheredBatch(
  pieces: readonly Uint8Array[],
  start: number,
  spare: SpareMemory,
): WriteBatch {
  if (pieces.length === start + 1) {
    const data = pieces[start]!;
    return { data, bytes: data.byteLength, end: pieces.length };
  }
  const data: Uint8Array[] = [];
  let joined: Uint8Array | undefined;
  /**
   * The start of the current run of small pieces in `joined`, and the number of bytes in use.
   */
  let from = 0;
  let used = 0;
  const endSmall = () => {
    if (used > from) data.push(joined!.subarray(from, used));
    from = used;
  };
  let bytes = 0;
  let end = start;
  for (; end < pieces.length && bytes < gatheredBytes; end++) {
    const piece = pieces[end]!;
    if (piece.byteLength >= smallBytes) {
      endSmall();
      data.push(piece);
    } else if (used + piece.byteLength <= spare.bytes) {
      joined ??= spare.take();
      joined.set(piece, used);
      used += piece.byteLength;
    } else {
      break;
    }
    bytes += piece.byteLength;
  }
  endSmall();
  return { data: data.length === 1 ? data[0]! : data, bytes, end };
}
