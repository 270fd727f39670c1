import { systemErrorCode } from "../../src/core/error_reason.ts";
import type { ConnectDone, ConnectFailure, ConnectRequest } from "../../src/net/connector.ts";
import { shortage } from "../../src/resolver/shortage.ts";
import { bindFailure, isLinkLocal } from "./resolve_zones.ts";

/** Converts the error of a failed attempt, as `node:net` and Bun report it. */
export async function connectFailure(
  error: unknown,
  request: ConnectRequest,
): Promise<ConnectFailure> {
  const denied = denoDenial(error);
  if (denied !== undefined) return denied;
  const code = systemErrorCode(error) ?? "ERR_DIAL_FAILED";
  // For a local end that does not exist or is in use, Deno reports EINVAL, and Bun may report
  // ECONNREFUSED.
  if ((code === "EINVAL" || code === "ECONNREFUSED") && hasLocalEnd(request)) {
    const failure = await bindFailure(anyLocalAddress(request), request.localPort);
    if (failure !== undefined) return failure;
    // The local end may be free and still be in use for this same peer.
    if (code === "EINVAL" && !isLinkLocal(request.host)) {
      return { code: "EADDRNOTAVAIL", cause: error };
    }
  }
  if (code === "ECONNREFUSED") {
    const lacking = shortage();
    if (lacking !== undefined) return { code: lacking, cause: error };
  }
  // Deno reports EPERM for an address that its permissions do not cover.
  return { code: code === "EPERM" ? "EACCES" : code, cause: error };
}

/** The failure for a missing permission of Deno, if `error` reports one. */
export function denoDenial(cause: unknown): ConnectFailure | undefined {
  const { name, message } = cause as Error;
  if (name !== "NotCapable") return undefined;
  return { code: "EACCES", reason: message.replace(/, run again.*$/s, ""), cause };
}

type IpRequest = Exclude<ConnectRequest, { path: string }>;

function hasLocalEnd(request: ConnectRequest): request is IpRequest {
  return "host" in request && (request.localAddress ?? request.localPort) !== undefined;
}

/** The requested local address, or the unspecified one, which Bun needs for a local port alone. */
export function anyLocalAddress({ family, localAddress }: IpRequest): string {
  return localAddress ?? (family === 4 ? "0.0.0.0" : "::");
}

/** Reports an immediate failure asynchronously, after the attempt has been started. */
export function failLater(failure: ConnectFailure, done: ConnectDone): () => void {
  let cancelled = false;
  queueMicrotask(() => cancelled || done(failure));
  return () => cancelled = true;
}
