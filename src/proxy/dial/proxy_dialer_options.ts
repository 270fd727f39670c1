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

/** What all dialers over a proxy take. */
export interface ProxyServerOptions {
  /** Where the proxy listens: `host:port`, or the path of a unix socket, which begins with `/`, `./` or `../`. */
  server: string;
  /**
   * What dials the proxy: any dialer, so that proxies chain.
   *
   * @default {systemDialer()}
   */
  via?: ContextDialer;
  /**
   * Milliseconds for the whole dial: reaching the proxy, its handshake, and its reaching the target. Running out is a
   * `DialError` with the code `ETIMEDOUT` that names the proxy which did not answer. In a chain the outermost limit governs
   * the dials of all proxies on the way.
   *
   * A proxy that takes connections and says nothing would otherwise hold a dial for good, which no kernel ends.
   *
   * @default {120000} As long as Tor tries.
   */
  timeoutMs?: number;
}

/** The limit of a dial where none is given. */
export const defaultTimeoutMs = 120_000;

/** The options of every dialer over a proxy. */
export const proxyServerOptions: OptionChecks<ProxyServerOptions> = {
  // Checked where it is read.
  server: unchecked,
  via: dialer,
  timeoutMs: milliseconds(),
};

/** The options of every dialer over a proxy that may look names up here. */
export const lookupOptions: OptionChecks<
  { resolve?: "remote" | "local"; resolver?: Resolver }
> = {
  resolve: oneOf("remote", "local"),
  resolver: withMethod<Resolver>("lookup"),
};

/** Takes credentials as they are now, or what is asked for them at each dial. */
export function checkCredentials<Source>(value: unknown, name: string): ProxyCredentials | Source {
  return typeof value === "function" ? value as Source : readCredentials(value, name);
}

/** Takes the credentials as they are now; user name and password remain to be checked. */
export const readCredentials: OptionCheck<ProxyCredentials> = nested<ProxyCredentials>({
  username: unchecked,
  password: unchecked,
});

let system: ContextDialer | undefined;

/**
 * What dials a proxy by default; one for all who name none, so that they share what is learned
 * about a proxy.
 */
export function defaultVia(): ContextDialer {
  return system ??= systemDialer();
}
