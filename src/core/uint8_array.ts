/** Tells bytes from what a caller without types may give. Those of another realm, such as a test runner's, are bytes too. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || kindOf(value) === "Uint8Array";
}

/** What a call rejects with that was given something else than bytes. */
export function notBytesError(call: string, value: unknown): TypeError {
  return new TypeError(`Cannot ${call} what is not a Uint8Array but ${kindOf(value)}`);
}

/** `"Uint8Array"`, `"ArrayBuffer"`, `"String"`, `"Undefined"` … */
function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}
