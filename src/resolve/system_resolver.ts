import { abortable } from "../core/signals.ts";
import type { IpFamily } from "./ip_literal.ts";
import { type LookupOptions, type Resolver, withLocalhost } from "./resolver.ts";

/**
 * The system's getaddrinfo, with `localhost` and its subdomains answered locally.
 *
 * A getaddrinfo call cannot be cancelled: an aborted lookup is abandoned, and may delay the exit of the process until the
 * system gives up. One lookup is in flight per name and family; whoever asks meanwhile shares it.
 */
export const systemResolver: Resolver = withLocalhost({ lookup });

const inFlight = new Map<string, Promise<readonly string[]>>();

function lookup(host: string, { family, signal }: LookupOptions): Promise<readonly string[]> {
  const key = `${family} ${host}`;
  let shared = inFlight.get(key);
  if (shared === undefined) {
    shared = getaddrinfo(host, family).finally(() => inFlight.delete(key));
    inFlight.set(key, shared);
  }
  return signal === undefined ? shared : abortable(shared, signal);
}

async function getaddrinfo(host: string, family: IpFamily): Promise<readonly string[]> {
  // Loaded on first use, so that dialing literals loads no resolver.
  const { promises: dns } = await import("node:dns");
  const found = await dns.lookup(host, { family, all: true });
  return found.map(({ address }) => address);
}
