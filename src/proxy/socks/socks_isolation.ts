import { createHash, randomBytes } from "node:crypto";
import { oneOf, readOptions, unchecked } from "../../core/options.ts";
import { credentialBytes, type ProxyCredentials } from "../handshake/proxy_credentials.ts";

/** Which dials share a circuit in Tor. */
export type SocksIsolation =
  /** Dials of the same address share circuits with each other only. */
  | "target"
  /** No dial shares a circuit with another. */
  | "dial"
  | SocksIsolationOptions;

/** Which dials share a circuit in Tor, in detail; set either `per` or `token`. */
export interface SocksIsolationOptions {
  /** The unit with separate circuits: each dialed address, or each dial. */
  per?: "target" | "dial";
  /**
   * Dials with the same token share circuits, also across dialers and processes. Tor receives the
   * token; errors treat it as a secret. 1 to 255 bytes in UTF-8.
   */
  token?: string;
  /**
   * The format of the credentials: `"extended"` is the user name `<torS0X>0` with the token as the
   * password (Tor proposal 351), which older versions treat as ordinary credentials; `"legacy"`
   * uses the token as both.
   *
   * @default {"extended"}
   */
  form?: "extended" | "legacy";
}

const EXTENDED_USERNAME = "<torS0X>0";

/** Checks the type of the option; `socksIsolation` validates its content. */
export function checkIsolation(isolation: unknown): SocksIsolation {
  // `socksIsolation` rejects any other text, without quoting it.
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
 * Makes the function that isolates dials.
 *
 * @param isolation The unit of isolation.
 * @returns A function from a dialed address to the credentials that isolate the dial.
 * @throws {TypeError} If neither or both of `per` and `token` are set, or the token is empty or too
 *   long; the message does not quote the token.
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
  // Salted, so that two dialers share no circuit; hashed, since an address may be longer than a
  // password.
  const salt = randomBytes(16);
  return (address) => credentials(createHash("sha256").update(salt).update(address).digest("hex"));
}
