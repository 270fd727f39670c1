import type { ProxyErrorCode } from "../../core/dial_error_code.ts";
import type { ProxyFailure, ProxyReply } from "../handshake/proxy_codec.ts";
import type { HttpHead } from "./http_head_reader.ts";
import { statusPhrase } from "./http_status_phrase.ts";
import { quotable } from "../handshake/quotable.ts";

type Verdict = readonly [code: ProxyErrorCode, blame: "proxy" | "target"];

/**
 * The error types of the Proxy-Status field (RFC 9209 §2.3) that are more precise than the status
 * code.
 */
const proxyStatusErrors: ReadonlyMap<string, Verdict> = new Map<string, Verdict>([
  ["dns_error", ["ERR_PROXY_TARGET_NOT_FOUND", "target"]],
  ["dns_timeout", ["ERR_PROXY_TARGET_TIMEOUT", "target"]],
  ["destination_not_found", ["ERR_PROXY_TARGET_NOT_FOUND", "target"]],
  ["destination_unavailable", ["ERR_PROXY_TARGET_FAILED", "target"]],
  ["destination_ip_prohibited", ["ERR_PROXY_TARGET_NOT_ALLOWED", "target"]],
  ["destination_ip_unroutable", ["ERR_PROXY_TARGET_HOST_UNREACHABLE", "target"]],
  ["connection_refused", ["ERR_PROXY_TARGET_REFUSED", "target"]],
  ["connection_terminated", ["ERR_PROXY_TARGET_FAILED", "target"]],
  ["connection_timeout", ["ERR_PROXY_TARGET_TIMEOUT", "target"]],
  ["connection_limit_reached", ["ERR_PROXY_OVERLOADED", "proxy"]],
  ["http_request_denied", ["ERR_PROXY_TARGET_NOT_ALLOWED", "target"]],
  ["proxy_internal_error", ["ERR_PROXY_REPLY", "proxy"]],
  ["proxy_configuration_error", ["ERR_PROXY_REPLY", "proxy"]],
  ["proxy_loop_detected", ["ERR_PROXY_REPLY", "proxy"]],
]);

const MAX_REASON_BYTES = 128;
const MAX_CHALLENGE_BYTES = 256;
const MAX_CHALLENGES = 8;

/** The failure of a handshake, without the excerpt of the body. */
export interface HttpRefusal extends Omit<ProxyFailure, "reply"> {
  readonly reply: Omit<Extract<ProxyReply, { protocol: "http-connect" }>, "excerpt">;
}

/**
 * Makes the failure for a final response other than 2xx.
 *
 * @param head The head of the response.
 * @param authenticated Whether the request had credentials.
 * @param secrets The secrets to mask, one character per byte.
 * @returns The failure.
 */
export function httpStatusFailure(
  head: HttpHead,
  authenticated: boolean,
  secrets: readonly string[],
): HttpRefusal {
  const [code, blame] = verdict(head, authenticated);
  const reason = quotable(head.reason, secrets, MAX_REASON_BYTES);
  const phrase = statusPhrase(head.status);
  const challenges = head.fields.filter(([name]) => name === "proxy-authenticate")
    .slice(0, MAX_CHALLENGES).map(([, value]) => quotable(value, secrets, MAX_CHALLENGE_BYTES));
  return {
    code,
    // Not the proxy's own phrase, which may contain a secret.
    message: `proxy refused (${head.status}${phrase === undefined ? "" : ` ${phrase}`})`,
    blame,
    reply: { protocol: "http-connect", status: head.status, reason, challenges },
  };
}

/**
 * Classifies a status. For an unreachable or unknown target Squid responds with 503, proxy-chain
 * with 502 or 59x and tinyproxy even with 500. A proxy must not be blamed for its target, so a 5xx
 * blames the target. Exceptions: 501 and 505 refer to the request, and a 503 with Retry-After (RFC
 * 9110 §15.6.4) to the proxy's load.
 */
function verdict({ status, fields }: HttpHead, authenticated: boolean): Verdict {
  // tinyproxy responds with 401 to a wrong password.
  if (status === 407 || status === 401) {
    return [authenticated ? "ERR_PROXY_AUTH_FAILED" : "ERR_PROXY_AUTH_REQUIRED", "proxy"];
  }
  const [, error] = /;\s*error=([a-z_]+)/i.exec(valueOf(fields, "proxy-status") ?? "") ?? [];
  const said = error && proxyStatusErrors.get(error.toLowerCase());
  if (said) return said;
  if (status === 403 || status === 451) return ["ERR_PROXY_TARGET_NOT_ALLOWED", "target"];
  if (status === 405 || status === 501) return ["ERR_PROXY_COMMAND_UNSUPPORTED", "proxy"];
  if (status === 504) return ["ERR_PROXY_TARGET_TIMEOUT", "target"];
  const overloaded = status === 503 && valueOf(fields, "retry-after") !== undefined;
  if (status === 429 || overloaded) return ["ERR_PROXY_OVERLOADED", "proxy"];
  if (status >= 500 && status <= 599 && status !== 505) {
    return ["ERR_PROXY_TARGET_FAILED", "target"];
  }
  return ["ERR_PROXY_REPLY", "proxy"];
}

/**
 * Returns the value of a field; several fields of one name are joined as a list (RFC 9110 §5.3).
 *
 * @param fields The fields of a head.
 * @param name The name in lower case.
 * @returns The value, or `undefined` if there is no such field.
 */
export function valueOf(fields: HttpHead["fields"], name: string): string | undefined {
  const values = fields.filter(([field]) => field === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(", ");
}
