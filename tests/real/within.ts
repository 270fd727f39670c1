/**
 * Bounds what could hang, so that a test which does says what it was waiting for.
 *
 * @param what What is waited for, for the message.
 * @param promise What is waited for.
 * @returns What the promise gives.
 * @throws If it takes longer than the limit.
 */
export async function within<T>(what: string, promise: Promise<T>, limitMs = 10_000): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
