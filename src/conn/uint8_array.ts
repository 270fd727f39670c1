/**
 * The intrinsic getters and methods: an object of the caller's may override its own, or be no
 * `Uint8Array`.
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
 * Whether a value of an untyped caller is a `Uint8Array`. Arrays of another realm, such as a test
 * runner's, are accepted; imitations, such as a `Proxy`, are not.
 */
export function isUint8Array(value: unknown): value is Uint8Array {
  return tag.call(value) === "Uint8Array";
}

/** The length of a `Uint8Array`; 0 where its memory was detached, or shrunk below its end. */
export function byteLengthOf(bytes: Uint8Array): number {
  return byteLength.call(bytes);
}

/** Copies the beginning of `source`, as much as fits into `target`, and returns the length. */
export function copyInto(target: Uint8Array, source: Uint8Array): number {
  const count = Math.min(byteLengthOf(target), source.byteLength);
  set.call(target, count === source.byteLength ? source : source.subarray(0, count));
  return count;
}

/** The bytes after the first `start`; never a copy. */
export function bytesAfter(bytes: Uint8Array, start: number): Uint8Array {
  return new Uint8Array(
    buffer.call(bytes),
    byteOffset.call(bytes) + start,
    byteLengthOf(bytes) - start,
  );
}

/**
 * Makes a view whose properties describe the real memory, for sockets that read them. Returns the
 * bytes themselves unless they have no prototype or override a property of their memory.
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  try {
    const isPlain = bytes.byteLength === byteLengthOf(bytes) &&
      bytes.byteOffset === byteOffset.call(bytes);
    if (isPlain) return bytes;
  } catch {
    // A getter of the caller's threw.
  }
  return bytesAfter(bytes, 0);
}

/** Whether the memory under a `Uint8Array` may shrink. */
export function isResizable(bytes: Uint8Array): boolean {
  return (buffer.call(bytes) as { resizable?: boolean }).resizable === true;
}

/** The error of a read whose buffer was detached while it waited; the connection stays usable. */
export class LostBufferError extends TypeError {}

/** Makes the error of a read whose buffer was detached. */
export function lostBufferError(): TypeError {
  return new LostBufferError("Cannot read: the buffer was detached or shrunk meanwhile");
}

/** Makes the error of a call whose argument is no `Uint8Array`. */
export function notBytesError(call: string, value: unknown): TypeError {
  return new TypeError(`Cannot ${call} what is not a Uint8Array but ${kindOf(value)}`);
}

/** `"Uint8ClampedArray"`, `"ArrayBuffer"`, `"String"`, `"Undefined"` … */
function kindOf(value: unknown): string {
  try {
    const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
    return kind === "Uint8Array" ? "an object that looks like one" : kind;
  } catch {
    // A getter of the caller's threw, or the value is a revoked Proxy.
    return "Object";
  }
}
