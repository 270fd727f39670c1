import { X509Certificate } from "node:crypto";
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from "node:tls";
import type { TlsErrorCode } from "../core/dial_error_code.ts";
import { ipFamily } from "../ip/ip_literal.ts";

/** Why a handshake failed. */
export interface TlsFailure {
  readonly code: TlsErrorCode;
  /** The reason in plain words, for messages. */
  readonly reason: string;
  readonly cause?: unknown;
}

const reasons: Partial<Record<TlsErrorCode, string>> = {
  CERT_CHAIN_TOO_LONG: "certificate chain too long",
  CERT_HAS_EXPIRED: "certificate has expired",
  CERT_NOT_YET_VALID: "certificate is not yet valid",
  CERT_REJECTED: "certificate rejected",
  CERT_REVOKED: "certificate revoked",
  CERT_SIGNATURE_FAILURE: "certificate has a bad signature",
  CERT_UNTRUSTED: "certificate not trusted",
  DEPTH_ZERO_SELF_SIGNED_CERT: "self-signed certificate",
  INVALID_CA: "invalid certificate authority",
  INVALID_PURPOSE: "certificate is for another purpose",
  PATH_LENGTH_EXCEEDED: "certificate path too long",
  SELF_SIGNED_CERT_IN_CHAIN: "self-signed certificate in the chain",
  UNABLE_TO_GET_ISSUER_CERT: "certificate of the issuer not found",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "certificate of the issuer not found",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "certificate is not signed by anybody trusted",
};

/**
 * Verifies the peer of a socket that was made with `rejectUnauthorized: false`. Only that setting
 * leaves the certificate readable after a failure and makes the check of the name the same on every
 * runtime.
 *
 * @param socket A socket whose handshake is done.
 * @param serverName The name or IP address that the certificate has to have.
 * @returns The failure; `undefined` for a valid certificate.
 */
export function certificateFailure(socket: TLSSocket, serverName: string): TlsFailure | undefined {
  const certificate = socket.getPeerCertificate();
  if (!socket.authorized) return untrusted(socket.authorizationError, certificate);
  const cause = identityError(serverName, certificate);
  if (cause === undefined) return undefined;
  const names = certificate.subjectaltname ?? "no name";
  return {
    code: "ERR_TLS_CERT_ALTNAME_INVALID",
    reason: `certificate is not for ${serverName} but for ${names}`,
    cause,
  };
}

function identityError(serverName: string, certificate: PeerCertificate): Error | undefined {
  // `checkServerIdentity` of Node 22.23 does not support IPv6 addresses.
  if (ipFamily(serverName) === undefined) return checkServerIdentity(serverName, certificate);
  if (new X509Certificate(certificate.raw).checkIP(serverName) !== undefined) return undefined;
  return new Error(`${serverName} is not among ${certificate.subjectaltname}`);
}

function untrusted(cause: unknown, certificate: PeerCertificate): TlsFailure {
  const told = typeof cause === "string" ? cause : (cause as { code?: unknown } | null)?.code;
  const code = told === undefined ? undefined : toldMore(String(told), certificate);
  const reason = reasons[code as TlsErrorCode];
  if (reason !== undefined) return { code: code as TlsErrorCode, reason, cause };
  return { code: "ERR_TLS_CERTIFICATE", reason: `certificate not accepted (${told})`, cause };
}

/**
 * Refines a generic code. Deno reports an expired certificate, and Bun a self-signed one, only as
 * unverifiable.
 */
function toldMore(code: string, certificate: PeerCertificate): string {
  if (code !== "UNABLE_TO_VERIFY_LEAF_SIGNATURE" && code !== "CERT_SIGNATURE_FAILURE") return code;
  if (isSelfIssued(certificate)) return "DEPTH_ZERO_SELF_SIGNED_CERT";
  if (Date.parse(certificate.valid_to) < Date.now()) return "CERT_HAS_EXPIRED";
  if (Date.parse(certificate.valid_from) > Date.now()) return "CERT_NOT_YET_VALID";
  return code;
}

function isSelfIssued({ subject, issuer }: PeerCertificate): boolean {
  return JSON.stringify(subject) === JSON.stringify(issuer);
}
