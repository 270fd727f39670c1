import type { DialErrorCode, SystemErrorCode } from "./dial_error_code.ts";

/** The meaning of each system error code, in words. */
const reasons: Record<SystemErrorCode, string> = {
  EACCES: "permission denied",
  EADDRINUSE: "local address already in use",
  EADDRNOTAVAIL: "local address not available",
  EAFNOSUPPORT: "address family not supported",
  EAGAIN: "the listener's queue is full",
  EAI_AGAIN: "name lookup failed for now",
  ECONNABORTED: "connection aborted",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by peer",
  EHOSTDOWN: "host is down",
  EHOSTUNREACH: "host unreachable",
  EINVAL: "invalid argument",
  EMFILE: "too many open files",
  ENAMETOOLONG: "path too long",
  ENETDOWN: "network is down",
  ENETUNREACH: "network unreachable",
  ENFILE: "too many open files in the system",
  ENOBUFS: "no buffer space available",
  ENOENT: "no such file or directory",
  ENOMEM: "out of memory",
  ENOTDIR: "not a directory",
  ENOTFOUND: "no such host",
  ENOTSOCK: "not a socket",
  EPERM: "operation not permitted",
  EPIPE: "broken pipe",
  EPROTOTYPE: "wrong kind of socket",
  ETIMEDOUT: "timed out",
};

/** Other names of the same errors in the runtimes. */
const aliases: Record<string, SystemErrorCode> = {
  EAI_ADDRFAMILY: "ENOTFOUND",
  EAI_FAIL: "EAI_AGAIN",
  EAI_NODATA: "ENOTFOUND",
  EAI_NONAME: "ENOTFOUND",
  ENODATA: "ENOTFOUND",
  ESERVFAIL: "EAI_AGAIN",
  ETIMEOUT: "ETIMEDOUT",
};

/**
 * Finds the system error code of any thrown value.
 *
 * @param error Any thrown value.
 * @returns Its code in Node's spelling, or `undefined` if it has no known code.
 */
export function systemErrorCode(error: unknown): SystemErrorCode | undefined {
  const code = propertyOf(error, "code");
  if (typeof code !== "string") return undefined;
  if (Object.hasOwn(reasons, code)) return code as SystemErrorCode;
  return Object.hasOwn(aliases, code) ? aliases[code] : undefined;
}

/**
 * Reads a property of any thrown value, whose getters may throw as well.
 *
 * @param thrown Any thrown value.
 * @param key The name of the property.
 * @returns Its value, or `undefined` if it cannot be read.
 */
export function propertyOf(thrown: unknown, key: string): unknown {
  try {
    return (thrown as Record<string, unknown> | null | undefined)?.[key];
  } catch {
    return undefined;
  }
}

/**
 * Describes a code.
 *
 * @param code A code.
 * @returns A few words, or `undefined` for a code that is not the system's.
 */
export function describeCode(code: DialErrorCode): string | undefined {
  return Object.hasOwn(reasons, code) ? reasons[code as SystemErrorCode] : undefined;
}
