import { onAbort } from "../dial/signals.ts";

/** Finds TXT records. The `promises.Resolver` of `node:dns` is one. */
export interface TxtResolver {
  /**
   * Looks up the TXT records of a name.
   *
   * @returns A text for each record, or the list of the strings it is made of.
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
    // Loaded on first use, so that whoever dials no `/dnsaddr` loads no resolver.
    const { promises: dns } = await import("node:dns");
    signal?.throwIfAborted();
    // One for each lookup: cancelling takes all queries of a resolver with it.
    const resolver = new dns.Resolver();
    const unlink = onAbort(signal, () => resolver.cancel());
    try {
      return await resolver.resolveTxt(name);
    } finally {
      unlink();
    }
  },
};
