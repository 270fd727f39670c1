import { createHash, randomBytes } from "node:crypto";
import { oneOf, readOptions, unchecked } from "../../core/options.ts";
import { credentialBytes, type ProxyCredentials } from "../handshake/proxy_credentials.ts";

/** What shares a circuit in Tor, and what does not. */
export type SocksIsolation =
  /** Dials of one address share circuits with one another, and with nothing else. */
  | "target"
  /** No dial shares a circuit with another. */
  | "dial"
  | SocksIsolationOptions;

/** What shares a circuit in Tor, in detail; one of `per` and `token`. */
export interface SocksIsolationOptions {
  /** What gets circuits of its own: each address that is dialed, or each dial. */
  per?: "target" | "dial";
  /**
   * Dials with the same token share circuits, also those of other dialers and processes. It is no secret from Tor, and is
   * treated as one here all the same. 1 to 255 bytes in UTF-8.
   */
  token?: string;
  /**
   * How Tor is told: `"extended"` is the user name `<torS0X>0` with the token as the password (Tor proposal 351), which
   * older versions take as any credentials; `"legacy"` puts the token into both.
   *
   * @default {"extended"}
   */
  form?: "extended" | "legacy";
}

const EXTENDED_USERNAME = "<torS0X>0";

/** Reads what is to be isolated; that it says something is checked where it is used. */
export function checkIsolation(isolation: unknown): SocksIsolation {
  // Any other text says nothing, and is not quoted.
  if (typeof isolation === "string") return isolation as SocksIsolation;
  if (typeof isolation !== "object" || isolation === null) {
    throw new TypeError(`isolation must be "target", "dial" or an object`);
  }
  return readOptions<SocksIsolationOptions>("isolation", isolation, {
    per: unchecked,
    token: unchecked,
    form: (value) => oneOf("extended", "legacy")(value, "isolation.form"),
  });
}

/**
 * Reads what is to be isolated.
 *
 * @param isolation What the caller wants.
 * @returns Gives the credentials of a dial that isolate it.
 * @throws {TypeError} If it says nothing, two things at once, or has a token that is too long; the token is not quoted.
 */
export function socksIsolation(isolation: SocksIsolation): (address: string) => ProxyCredentials {
  const { per, token, form = "extended" }: SocksIsolationOptions = typeof isolation === "string"
    ? { per: isolation, token: undefined, form: undefined }
    : isolation;
  const credentials = (password: string): ProxyCredentials => ({
    username: form === "extended" ? EXTENDED_USERNAME : password,
    password,
  });
  if (token !== undefined) {
    if (per !== undefined) throw new TypeError("isolation takes one of per and token");
    credentialBytes(token, "isolation token", "SOCKS5", 1, 255);
    return () => credentials(token);
  }
  if (per === "dial") return () => credentials(randomBytes(16).toString("hex"));
  if (per !== "target") throw new TypeError(`isolation must be per "target" or "dial"`);
  // Salted, so that two dialers share nothing; hashed, since an address may be longer than a password.
  const salt = randomBytes(16);
  return (address) => credentials(createHash("sha256").update(salt).update(address).digest("hex"));
}
