/** What asks the benchmark's server for `bytes` bytes. */
export function readRequest(bytes: number): Uint8Array {
  return request("R", bytes);
}

/** What tells it to take `bytes` bytes and answer then. */
export function sendRequest(bytes: number): Uint8Array {
  return request("S", bytes);
}

function request(kind: string, bytes: number): Uint8Array {
  const request = new Uint8Array(9);
  request[0] = kind.charCodeAt(0);
  new DataView(request.buffer).setBigUint64(1, BigInt(bytes), true);
  return request;
}
