import type { CredentialsRequest } from "../dial/proxy_config.ts";
import type { ProxyCredentials } from "./proxy_credentials.ts";

/**
 * Returns the credentials of a dial; called once per dial, for credentials that rotate or expire.
 */
export type CredentialsSource = (
  request: CredentialsRequest,
) => ProxyCredentials | Promise<ProxyCredentials>;

/** The credentials of a dial are unavailable or invalid. The message never quotes them. */
export class CredentialsError extends Error {}

/**
 * Gets the credentials of a dial and passes them to `use`.
 *
 * @param source The function that returns the credentials.
 * @param request The dial.
 * @param use Uses the credentials; throws if they are invalid.
 * @returns The result of `use`.
 * @throws {CredentialsError} If `source` or `use` throws.
 */
export async function askCredentials<T>(
  source: CredentialsSource,
  request: CredentialsRequest,
  use: (credentials: ProxyCredentials) => T,
): Promise<T> {
  let credentials: ProxyCredentials | undefined;
  try {
    const given: unknown = await source(request);
    if (typeof given === "object" && given !== null) {
      // Read once, within this `try`: getters are the caller's code and may throw, too.
      const { username, password } = given as ProxyCredentials;
      credentials = { username, password };
    }
  } catch (cause) {
    // The caller's error may contain secrets, so the message does not quote it.
    throw new CredentialsError("the function that gives the credentials failed", { cause });
  }
  if (credentials === undefined) {
    throw new CredentialsError("the function that gives the credentials gave none");
  }
  try {
    return use(credentials);
  } catch (error) {
    throw new CredentialsError((error as Error).message);
  }
}
