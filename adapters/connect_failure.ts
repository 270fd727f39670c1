import { systemErrorCode } from "../src/core/error_reason.ts";
import type { ConnectDone, ConnectFailure, ConnectRequest } from "../src/resolve/connector.ts";
import { bindFailure } from "./local_interface.ts";

/** Reads the error of a failed attempt, as `node:net` and Bun report it. */
export async function connectFailure(
  error: unknown,
  request: ConnectRequest,
): Promise<ConnectFailure> {
  const code = systemErrorCode(error) ?? "ERR_DIAL_FAILED";
  // Deno says EINVAL, and Bun may say ECONNREFUSED, of a local address that is not there.
  if (
    "localAddress" in request && request.localAddress !== undefined &&
    (code === "EINVAL" || code === "ECONNREFUSED")
  ) {
    const failure = await bindFailure(request.localAddress, request.localPort);
    if (failure !== undefined) return failure;
  }
  // Deno says EPERM of an address that its permissions do not cover.
  return { code: code === "EPERM" ? "EACCES" : code, cause: error };
}

/** Reports a failure that is known at once, but not before the attempt has been started. */
export function failLater(failure: ConnectFailure, done: ConnectDone): () => void {
  let cancelled = false;
  queueMicrotask(() => cancelled || done(failure));
  return () => cancelled = true;
}
