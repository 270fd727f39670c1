import { systemDialer } from "../../../adapters/system.ts";
import type { ContextDialer } from "../../core/dialer.ts";
import {
  dialer,
  milliseconds,
  nested,
  oneOf,
  type OptionCheck,
  type OptionChecks,
  unchecked,
  withMethod,
} from "../../core/options.ts";
import type { Resolver } from "../../resolver/resolver.ts";
import type { ProxyCredentials } from "../handshake/proxy_credentials.ts";

/** Options of every proxy dialer. */
export interface ProxyServerOptions {
  /**
   * The address of the proxy: `host:port`, or the path of a unix socket that begins with `/`, `./`
   * or `../`.
   */
  server: string;
  /**
   * Dialer for the proxy. Another proxy dialer here makes a chain.
   *
   * @default {systemDialer()}
   */
  via?: ContextDialer;
  /**
   * Milliseconds for the whole dial: connecting to the proxy, the handshake, and the proxy's
   * connection to the target. When it elapses, the dial fails with a `DialError` of code
   * `ETIMEDOUT` that names the proxy which did not answer. In a chain the outermost limit includes
   * the dials of all earlier proxies.
   *
   * Without a limit, a proxy that accepts connections and never answers would block a dial forever:
   * the kernel does not time out an established connection.
   *
   * @default {120000} As long as Tor tries to connect.
   */
  timeoutMs?: number;
}

/** The default limit of a dial. */
export const defaultTimeoutMs = 120_000;

/** Checks of the options of every proxy dialer. */
export const proxyServerOptions: OptionChecks<ProxyServerOptions> = {
  // Validated by `proxyServer`.
  server: unchecked,
  via: dialer,
  timeoutMs: milliseconds(),
};

/** Checks of the options of proxy dialers that can resolve names locally. */
export const lookupOptions: OptionChecks<
  { resolve?: "remote" | "local"; resolver?: Resolver }
> = {
  resolve: oneOf("remote", "local"),
  resolver: withMethod<Resolver>("lookup"),
};

/** Copies credentials, or keeps the function that returns them at each dial. */
export function checkCredentials<Source>(value: unknown, name: string): ProxyCredentials | Source {
  return typeof value === "function" ? value as Source : readCredentials(value, name);
}

/** Copies the credentials; user name and password are validated later. */
export const readCredentials: OptionCheck<ProxyCredentials> = nested<ProxyCredentials>({
  username: unchecked,
  password: unchecked,
});

let system: ContextDialer | undefined;

/**
 * Returns the default dialer for proxies. All dialers without `via` share it, and so share what is
 * cached about a proxy.
 */
export function defaultVia(): ContextDialer {
  return system ??= systemDialer();
}
