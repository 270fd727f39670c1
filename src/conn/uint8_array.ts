/**
 * The intrinsic getters and methods, which a caller's object cannot answer in their place: it may
 * be an impostor, or have overridden its own.
 */
const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
const tag = getterOf<string | undefined>(Symbol.toStringTag);
const byteLength = getterOf<number>("byteLength");
const byteOffset = getterOf<number>("byteOffset");
const buffer = getterOf<ArrayBufferLike>("buffer");
const set = Uint8Array.prototype.set;

function getterOf<T>(key: PropertyKey): (this: unknown) => T {
  return Object.getOwnPropertyDescriptor(typedArray, key)!.get!;
}

/**
 * Tells bytes from what a caller without types may give. Those of another realm, such as a test
 * runner's, are bytes too; what only looks like a `Uint8Array`, such as a `Proxy`, is none.
 */
export function isUint8Array(value: unknown): value is Uint8Array {
  return tag.call(value) === "Uint8Array";
}

/** The length of a `Uint8Array`; 0 where its memory was detached, or shrunk to less than it. */
export function byteLengthOf(bytes: Uint8Array): number {
  return byteLength.call(bytes);
}

/** Copies the beginning of `source`, as much as `target` has room for, and returns how much. */
export function copyInto(target: Uint8Array, source: Uint8Array): number {
  const count = Math.min(byteLengthOf(target), source.byteLength);
  set.call(target, count === source.byteLength ? source : source.subarray(0, count));
  return count;
}

/** What of a caller's bytes comes after the first `start`; never a copy. */
export function bytesAfter(bytes: Uint8Array, start: number): Uint8Array {
  return new Uint8Array(
    buffer.call(bytes),
    byteOffset.call(bytes) + start,
    byteLengthOf(bytes) - start,
  );
}

/**
 * Makes a view of a caller's bytes that says of itself what is so, for sockets that ask it: the
 * bytes themselves unless they have no prototype, or override what says where they are.
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  try {
    const isPlain = bytes.byteLength === byteLengthOf(bytes) &&
      bytes.byteOffset === byteOffset.call(bytes);
    if (isPlain) return bytes;
  } catch {
    // A getter of the caller's.
  }
  return bytesAfter(bytes, 0);
}

/** Whether the memory under a `Uint8Array` may shrink. */
export function isResizable(bytes: Uint8Array): boolean {
  return (buffer.call(bytes) as { resizable?: boolean }).resizable === true;
}

/** What a read rejects with whose buffer went away while it waited; the connection is none the worse. */
export class LostBufferError extends TypeError {}

/** Makes the error of a read whose buffer went away. */
export function lostBufferError(): TypeError {
  return new LostBufferError("Cannot read: the buffer was detached or shrunk meanwhile");
}

/** What a call rejects with that was given something else than bytes. */
export function notBytesError(call: string, value: unknown): TypeError {
  return new TypeError(`Cannot ${call} what is not a Uint8Array but ${kindOf(value)}`);
}

/** `"Uint8ClampedArray"`, `"ArrayBuffer"`, `"String"`, `"Undefined"` … */
function kindOf(value: unknown): string {
  try {
    const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
    return kind === "Uint8Array" ? "an object that looks like one" : kind;
  } catch {
    // A getter of the caller's, or a revoked Proxy.
    return "Object";
  }
}
