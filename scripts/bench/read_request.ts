/** What asks the benchmark's server for `bytes` bytes. */
export function readRequest(bytes: number): Uint8Array {
  const request = new Uint8Array(9);
  request[0] = 0x52;
  new DataView(request.buffer).setBigUint64(1, BigInt(bytes), true);
  return request;
}
