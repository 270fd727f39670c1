import { readFileSync } from "node:fs";
import type { ContextDialer } from "../core/dialer.ts";
import { proxyFromEnv } from "../proxy/env/proxy_from_env.ts";
import { proxyDialer } from "../proxy/url/proxy_dialer.ts";
import { UsageError } from "./usage_error.ts";

/** The order of the handshake with SOCKS5 proxies. */
export type Handshake = "auto" | "sequential" | "pipelined";

/**
 * Makes a dialer for a chain of proxies, the first of which is dialed by `via`. Each is a URL,
 * `@FILE` for a file of URLs, or `env` for the proxy of the environment.
 *
 * @throws {UsageError} If a URL, the file or the environment is invalid.
 */
export function readProxies(
  given: readonly string[],
  via: ContextDialer,
  handshake: Handshake,
): ContextDialer {
  const proxies = given.flatMap((each) => each.startsWith("@") ? urlsIn(each.slice(1)) : each);
  try {
    return chain(proxies, via, handshake);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** URLs in a row are one dialer, so that its errors name the whole chain. */
function chain(
  proxies: readonly string[],
  via: ContextDialer,
  handshake: Handshake,
): ContextDialer {
  const at = proxies.lastIndexOf("env");
  if (at < 0) return proxyDialer(proxies, { via, handshake });
  const before = proxies.slice(0, at);
  const env = proxyFromEnv({
    via: before.length === 0 ? via : chain(before, via, handshake),
    handshake,
  });
  const after = proxies.slice(at + 1);
  return after.length === 0 ? env : proxyDialer(after, { via: env, handshake });
}

/** Reads proxy URLs, one a line; empty lines and lines that begin with `#` are skipped. */
function urlsIn(path: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    // The path is not quoted: a password may begin with an @.
    const { code } = error as { code?: string };
    throw new UsageError(`Cannot read the file of proxy URLs: ${code}`, { cause: error });
  }
  const urls = text.split("\n").map((line) => line.trim()).filter((line) => /^[^#]/.test(line));
  if (urls.length === 0) throw new UsageError("The file of proxy URLs has none");
  return urls;
}
