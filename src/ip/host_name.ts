import { ipFamily } from "./ip_literal.ts";

const asciiNamePattern = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/i;
const endsInNumber = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/i;
// deno-lint-ignore no-control-regex -- what is not ASCII is the point
const notAscii = /[^\x00-\x7f]/;

/** Whether a host has other characters than those of ASCII. */
export function isUnicode(host: string): boolean {
  return notAscii.test(host);
}

/**
 * Returns the ASCII form of a host name.
 *
 * @param name A name, possibly in Unicode.
 * @returns An ASCII name unchanged, any other in A-labels and lower case (IDNA, as in URLs);
 *   `undefined` if it is not a host name, which includes what `inet_aton` parses (`127.1`).
 */
export function asciiName(name: string): string | undefined {
  if (!isUnicode(name)) return isAsciiName(name) ? name : undefined;
  // ASCII delimiters would change which part the URL parser reads as the host. It rejects their
  // Unicode look-alikes itself.
  // deno-lint-ignore no-control-regex -- all other ASCII characters are meant
  if (/(?![a-z0-9._-])[\x00-\x7f]/i.test(name)) return undefined;
  const ascii = urlHost(name);
  return ascii !== undefined && isAsciiName(ascii) ? ascii : undefined;
}

/**
 * Returns a host in the form that certificates use.
 *
 * @param host A name, possibly in Unicode, or an IP address without brackets.
 * @returns A name as A-labels in lower case, without the root's dot; an IP address without its
 *   zone. Short forms of IPv4 (`127.1`, `0x7f.1`) become the address that the system dials for
 *   them. `undefined` if `host` is neither.
 */
export function certificateName(host: string): string | undefined {
  if (ipFamily(host) !== undefined) return host.replace(/%.*$/s, "");
  const name = asciiName(host);
  if (name !== undefined) return name.toLowerCase().replace(/\.$/, "");
  if (!asciiNamePattern.test(host)) return undefined;
  const address = urlHost(host);
  return address !== undefined && ipFamily(address) === 4 ? address : undefined;
}

function urlHost(name: string): string | undefined {
  try {
    // Not `domainToASCII`: in Deno it returns some invalid names unchanged (seen with 2.9.5), and
    // does not expand the short forms of IPv4.
    return new URL(`http://${name}/`).hostname;
  } catch {
    return undefined;
  }
}

function isAsciiName(name: string): boolean {
  return asciiNamePattern.test(name) && !endsInNumber.test(name);
}
