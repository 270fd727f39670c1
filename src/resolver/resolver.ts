import type { IpFamily } from "../ip/ip_literal.ts";

/** The parameters of a lookup. */
export interface LookupOptions {
  /** The wanted address family. */
  family: IpFamily;
  /** Ends the lookup, or at least the wait for it. */
  signal?: AbortSignal;
}

/** Finds the addresses of a name. */
export interface Resolver {
  /**
   * Looks up the addresses of one family.
   *
   * @param host The name in ASCII: a Unicode name is passed as A-labels.
   * @param options The family and the signal.
   * @returns IP literals in the order in which to try them; an empty list means the same as
   * `ENOTFOUND`.
   * @throws An error whose `code` is `ENOTFOUND`, `EAI_AGAIN`, `EACCES` …
   */
  lookup(host: string, options: LookupOptions): Promise<readonly string[]>;
}

/**
 * Answers `localhost` and its subdomains locally, because these names must not reach DNS (RFC 6761
 * §6.3). All other names go to `resolver`.
 *
 * @param resolver The resolver for all other names.
 * @returns The resolver with the local names.
 */
export function withLocalhost(resolver: Resolver): Resolver {
  return {
    lookup(host, options) {
      if (!isLocalhost(host)) return resolver.lookup(host, options);
      return Promise.resolve([options.family === 4 ? "127.0.0.1" : "::1"]);
    },
  };
}

function isLocalhost(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  return name === "localhost" || name.endsWith(".localhost");
}
