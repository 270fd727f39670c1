import type { CredentialsRequest } from "../dial/proxy_config.ts";
import type { ProxyCredentials } from "./proxy_credentials.ts";

/** Gives the credentials of a dial: asked anew for each, for those that rotate or expire. */
export type CredentialsSource = (
  request: CredentialsRequest,
) => ProxyCredentials | Promise<ProxyCredentials>;

/** There are no credentials to be had for a dial. Shows none of them. */
export class CredentialsError extends Error {}

/**
 * Asks for the credentials of a dial and puts them to use.
 *
 * @param source Who gives them.
 * @param request What is dialed.
 * @param use Checks them, by throwing.
 * @returns What `use` gives.
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
      // Read here and once, since its getters are the caller's as well.
      const { username, password } = given as ProxyCredentials;
      credentials = { username, password };
    }
  } catch (cause) {
    // What was thrown is the caller's own and may quote anything, so the message does not.
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
