/** What asks the benchmark's server for `bytes` bytes. */
export function readRequest(bytes: number): Uint8Array {
  return request("R", bytes);
}

/** What tells it to take `bytes` bytes and answer then. */
export function sendRequest(bytes: number): Uint8Array {
  return request("S", bytes);
}

/** What tells it to send `bytes` bytes while it takes as many, and to answer then. */
export function exchangeRequest(bytes: number): Uint8Array {
  return request("B", bytes);
}

function request(kind: string, bytes: number): Uint8Array {
  const request = new Uint8Array(9);
  request[0] = kind.charCodeAt(0);
  new DataView(request.buffer).setBigUint64(1, BigInt(bytes), true);
  return request;
}
