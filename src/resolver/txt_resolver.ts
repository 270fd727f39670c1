import { onAbort } from "../dial/signals.ts";

/** Finds TXT records. The `promises.Resolver` of `node:dns` is one. */
export interface TxtResolver {
  /**
   * Looks up the TXT records of a name.
   *
   * @returns A text for each record, or the list of its strings.
   * @throws An error whose `code` is `ENOTFOUND`, `ENODATA`, `ESERVFAIL` …
   */
  resolveTxt(
    name: string,
    options?: { signal?: AbortSignal },
  ): Promise<readonly (string | readonly string[])[]>;
}

/** The TXT resolver of `node:dns`, with the system's name servers. */
export const systemTxtResolver: TxtResolver = {
  async resolveTxt(name, { signal } = {}) {
    // Loaded on first use, so that only `/dnsaddr` loads a resolver.
    const { promises: dns } = await import("node:dns");
    signal?.throwIfAborted();
    // One for each lookup, because `cancel()` cancels all queries of a resolver.
    const resolver = new dns.Resolver();
    const unlink = onAbort(signal, () => resolver.cancel());
    try {
      return await resolver.resolveTxt(name);
    } finally {
      unlink();
    }
  },
};
