/**
 * Collects the garbage of this process, which may take several times: finalizers run in between. On
 * Node and Deno it has to be started so that it can.
 *
 * @param pauseMs How long to wait after each time.
 */
export async function collectGarbage(pauseMs: number): Promise<void> {
  const { gc, Bun } = globalThis as { gc?(): void; Bun?: { gc(force: boolean): void } };
  for (let round = 0; round < 5; round++) {
    gc?.();
    Bun?.gc(true);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
