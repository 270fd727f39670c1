import {
  type DialError,
  type DialErrorInit,
  dialFailure,
  isDialError,
} from "../core/dial_error.ts";
import type { DialErrorCode } from "../core/dial_error_code.ts";
import { reasonOf, systemErrorCode } from "../core/error_reason.ts";
import type { ProxyConfig } from "./proxy_config.ts";

/** What went wrong, without what was dialed. */
export type ProxyDialFailure =
  & Pick<DialErrorInit, "code" | "phase" | "reason">
  & Pick<DialErrorInit, "hop" | "blame" | "cause" | "errors">;

/** Of this machine, so that no proxy is to blame. */
const local: ReadonlySet<DialErrorCode> = new Set<DialErrorCode>([
  ...["EACCES", "EADDRINUSE", "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EPERM"] as const,
  ...["ERR_DIAL_NETWORK", "ERR_PROXY_CREDENTIALS"] as const,
]);

/**
 * Makes the failure of a dial whose proxy could not be reached, directly or through the proxies before it.
 *
 * @param thrown What dialing the proxy failed with.
 * @param proxy The proxy.
 * @returns The failure; it names the proxy that is at fault, which may be one of those before.
 */
export function unreachable(thrown: unknown, proxy: ProxyConfig): ProxyDialFailure {
  const inner = isDialError(thrown) ? thrown : undefined;
  const code = inner?.code ?? systemErrorCode(thrown) ?? "ERR_DIAL_FAILED";
  const why = inner?.reason ?? reasonOf(code) ?? dialFailure(thrown).message;
  const phase = inner?.phase ?? "connect";
  // One that hung up did so on the next proxy, not on the target: one of the two is at fault.
  const unknown = inner?.hop !== undefined && inner.blame === undefined && !hungUp(inner);
  const blame = unknown || local.has(code) ? {} : { blame: "proxy" as const };
  // A proxy that cannot reach its target, which is the next proxy, is not at fault itself.
  if (inner?.hop !== undefined && inner.blame !== "target") {
    const { hop } = inner;
    return { code, phase, hop, ...blame, cause: thrown, reason: named(proxy, hop, why) };
  }
  const reason = named(proxy, proxy.label, `cannot reach the proxy: ${why}`);
  return { code, phase, hop: proxy.label, ...blame, cause: thrown, reason };
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
export function named(
  proxy: Pick<ProxyConfig, "chain" | "label">,
  hop: string,
  reason: string,
): string {
  if (proxy.chain === proxy.label || reason.startsWith(`${hop}: `)) return reason;
  return `${hop}: ${reason}`;
}
