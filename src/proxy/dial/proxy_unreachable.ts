import type { DialError, DialErrorInit } from "../../core/dial_error.ts";
import type { DialErrorCode } from "../../core/dial_error_code.ts";
import { ForeignDialError } from "../../dial/foreign_dial_error.ts";
import type { ProxyConfig } from "./proxy_config.ts";

/** What went wrong, without what was dialed. */
export type ProxyDialFailure =
  & Pick<DialErrorInit, "code" | "phase" | "reason">
  & Pick<DialErrorInit, "via" | "hop" | "blame" | "cause" | "errors">;

/** Of this machine, so that no proxy is to blame. */
const local: ReadonlySet<DialErrorCode> = new Set<DialErrorCode>([
  ...["EACCES", "EADDRINUSE", "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EPERM"] as const,
  ...["ERR_DIAL_NETWORK", "ERR_PROXY_CREDENTIALS"] as const,
]);

/**
 * Makes the failure of a dial whose proxy could not be reached, directly or through the proxies before it.
 *
 * @param error What dialing the proxy failed with.
 * @param proxy The proxy.
 * @returns The failure; it names the proxy that is at fault, which may be one of those before.
 */
export function unreachable(error: DialError, proxy: ProxyConfig): ProxyDialFailure {
  const { code, phase, hop, reason: why } = error;
  const cause = error instanceof ForeignDialError ? error.cause : error;
  // One that hung up did so on the next proxy, not on the target: one of the two is at fault.
  const unknown = hop !== undefined && error.blame === undefined && !hungUp(error);
  const blame = unknown || local.has(code) ? {} : { blame: "proxy" as const };
  // A proxy that cannot reach its target, which is the next proxy, is not at fault itself.
  if (hop !== undefined && error.blame !== "target") {
    return { code, phase, hop, ...blame, cause, reason: prefixHop(proxy, hop, why) };
  }
  const reason = prefixHop(proxy, proxy.label, `cannot reach the proxy: ${why}`);
  return { code, phase, hop: proxy.label, ...blame, cause, reason };
}

/**
 * Tells whether a proxy hung up instead of answering a request, for which it or what was asked for may be the reason.
 *
 * @param error Why a dial through a proxy failed.
 * @returns Whether that was it.
 */
export function hungUp({ phase, blame, code }: DialError): boolean {
  return phase === "proxy" && blame === undefined && code !== "ERR_PROXY_CREDENTIALS" &&
    code !== "ETIMEDOUT";
}

/** In a chain the reason begins with the proxy that it is about. */
export function prefixHop(
  proxy: Pick<ProxyConfig, "chain" | "label">,
  hop: string,
  reason: string,
): string {
  if (proxy.chain === proxy.label || reason.startsWith(`${hop}: `)) return reason;
  return `${hop}: ${reason}`;
}
