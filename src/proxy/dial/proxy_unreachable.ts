import type { DialError, DialErrorInit } from "../../core/dial_error.ts";
import type { DialErrorCode } from "../../core/dial_error_code.ts";
import { ForeignDialError } from "../../dial/foreign_dial_error.ts";
import type { ProxyConfig } from "./proxy_config.ts";

/** A failure without the dialed address. */
export type ProxyDialFailure =
  & Pick<DialErrorInit, "code" | "phase" | "reason">
  & Pick<DialErrorInit, "via" | "hop" | "blame" | "cause" | "errors">;

/** Failures of this machine, for which no proxy is to blame. */
const local: ReadonlySet<DialErrorCode> = new Set<DialErrorCode>([
  ...["EACCES", "EADDRINUSE", "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EPERM"] as const,
  ...["ERR_DIAL_NETWORK", "ERR_PROXY_CREDENTIALS"] as const,
]);

/**
 * Makes the failure of a dial whose proxy is unreachable, directly or through earlier proxies.
 *
 * @param error The error of the dial to the proxy.
 * @param proxy The proxy.
 * @returns The failure; it names the proxy at fault, which may be an earlier one.
 */
export function unreachable(error: DialError, proxy: ProxyConfig): ProxyDialFailure {
  const { code, phase, hop, reason: why } = error;
  const cause = error instanceof ForeignDialError ? error.cause : error;
  // A proxy that closed the connection was asked for the next proxy, not for the target, so one of
  // the two proxies is at fault.
  const unknown = hop !== undefined && error.blame === undefined && !hungUp(error);
  const blame = unknown || local.has(code) ? {} : { blame: "proxy" as const };
  // The target of this proxy is the next proxy; a proxy that cannot reach it is not at fault.
  if (hop !== undefined && error.blame !== "target") {
    return { code, phase, hop, ...blame, cause, reason: prefixHop(proxy, hop, why) };
  }
  const reason = prefixHop(proxy, proxy.label, `cannot reach the proxy: ${why}`);
  return { code, phase, hop: proxy.label, ...blame, cause, reason };
}

/**
 * Checks whether a proxy closed the connection instead of answering the request. The cause may be
 * the proxy or the requested address.
 *
 * @param error The error of a dial through a proxy.
 * @returns Whether the proxy closed the connection.
 */
export function hungUp({ phase, blame, code }: DialError): boolean {
  return phase === "proxy" && blame === undefined && code !== "ERR_PROXY_CREDENTIALS" &&
    code !== "ETIMEDOUT";
}

/** In a chain, prefixes the reason with the proxy that it refers to. */
export function prefixHop(
  proxy: Pick<ProxyConfig, "chain" | "label">,
  hop: string,
  reason: string,
): string {
  if (proxy.chain === proxy.label || reason.startsWith(`${hop}: `)) return reason;
  return `${hop}: ${reason}`;
}
