/** An IP version. */
export type IpFamily = 4 | 6;

const octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const ipv4 = new RegExp(`^${octet}(?:\\.${octet}){3}$`);
// The characters of an interface name: no white space, slash, control character or second percent
// sign. Text with an "@" is more likely an address with user info, which must not be shown.
const zone = /^[^\s/%[\]@\p{Cc}]+$/u;
const group = /^[0-9a-fA-F]{1,4}$/;

/**
 * Returns the version of an IP literal: dotted-decimal IPv4, or IPv6 without brackets, with an
 * optional zone.
 *
 * @param host The text.
 * @returns 4 or 6, or `undefined` for anything else, such as a name.
 */
export function ipFamily(host: string): IpFamily | undefined {
  if (!host.includes(":")) return ipv4.test(host) ? 4 : undefined;
  const percent = host.indexOf("%");
  if (percent >= 0 && !zone.test(host.slice(percent + 1))) return undefined;
  return isIPv6(percent < 0 ? host : host.slice(0, percent)) ? 6 : undefined;
}

function isIPv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => half === "" ? [] : half.split(":"));
  const last = groups[groups.length - 1];
  let count = groups.length;
  if (last !== undefined && last.includes(".")) {
    if (text.endsWith("::") || !ipv4.test(last)) return false;
    groups.pop();
    count += 1;
  }
  if (!groups.every((part) => group.test(part))) return false;
  return halves.length === 2 ? count <= 7 : count === 8;
}
