import { systemErrorCode } from "../core/error_reason.ts";
import { abortable } from "../dial/signals.ts";
import type { IpFamily } from "../ip/ip_literal.ts";
import { type LookupOptions, type Resolver, withLocalhost } from "./resolver.ts";
import { shortage } from "./shortage.ts";

/**
 * The system's getaddrinfo. `localhost` and its subdomains are answered locally. An `.onion` name
 * is never looked up: the lookup would reveal the hidden service to the resolver (RFC 7686 §2).
 *
 * A getaddrinfo call cannot be cancelled: an aborted lookup is abandoned, and may delay the exit of
 * the process until the system gives up. One lookup runs for each name and family; concurrent
 * callers share it.
 */
export const systemResolver: Resolver = withLocalhost({ lookup });

const inFlight = new Map<string, Promise<readonly string[]>>();

function lookup(host: string, { family, signal }: LookupOptions): Promise<readonly string[]> {
  if (/\.onion\.?$/i.test(host)) return Promise.reject(notFound(host));
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
  try {
    const found = await dns.lookup(host, { family, all: true });
    return found.map(({ address }) => address);
  } catch (cause) {
    const code = systemErrorCode(cause);
    const lacking = code === "ENOTFOUND" || code === "EAI_AGAIN" ? shortage() : undefined;
    if (lacking === undefined) throw cause;
    throw Object.assign(new Error(`getaddrinfo ${lacking} ${host}`, { cause }), { code: lacking });
  }
}

function notFound(host: string): Error {
  const error = new Error(`Cannot look up "${host}": only a proxy into Tor knows it`);
  return Object.assign(error, { code: "ENOTFOUND" });
}
