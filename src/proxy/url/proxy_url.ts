import { joinHostPort } from "../../core/host_port.ts";
import { redacted } from "../../core/redact.ts";
import { valueKind } from "../../core/value_kind.ts";
import { ipFamily } from "../../ip/ip_literal.ts";
import { asciiName } from "../../ip/host_name.ts";
import { quoted } from "../handshake/quotable.ts";

/**
 * The protocols of proxy URLs. With `socks5` and `socks4` names are resolved locally, with
 * `socks5h` and `socks4a` by the proxy.
 */
export type ProxyScheme = "socks5" | "socks5h" | "socks4" | "socks4a" | "http" | "https";

/** A parsed proxy URL. */
export interface ProxyUrl {
  /** The protocol, without `+unix`. */
  readonly scheme: ProxyScheme;
  /**
   * The address of the proxy: a host (without brackets, with its zone) and a port, or a unix
   * socket.
   */
  readonly server:
    | { readonly host: string; readonly port: number }
    | { readonly path: string };
  /** The user name (SOCKS4: the user id), decoded; absent if the URL has none. */
  readonly username?: string;
  /** The password, decoded; `""` if the URL has a user name only, absent if it has neither. */
  readonly password?: string;
}

/**
 * Aliases of schemes. GNOME sets `socks://`; curl reads it as SOCKS4, most other programs as
 * SOCKS5.
 */
const aliases: Readonly<Record<string, ProxyScheme>> = { socks: "socks5h" };

/** As in Go and undici; curl uses 1080 for `http`, too. */
const defaultPorts: Readonly<Record<ProxyScheme, number>> = {
  socks5: 1080,
  socks5h: 1080,
  socks4: 1080,
  socks4a: 1080,
  http: 80,
  https: 443,
};

/**
 * Parses the URL of a proxy: `socks5h://user:password@127.0.0.1:1080`, `https://proxy.example`,
 * `socks5h+unix:///run/tor/socks`, or in curl's form, `socks5h://localhost/run/tor/socks`.
 * `socks://` means `socks5h://`.
 *
 * User name, password and a unix path are percent-decoded as UTF-8. The default ports are 1080 for
 * SOCKS, 80 for `http` (as in Go; curl uses 1080) and 443 for `https`. Any other path than `/`, a
 * query, a fragment and a backslash are errors: WHATWG URLs read a backslash as a slash, which
 * would change the host.
 *
 * `URL` is not used here: for non-special schemes the WHATWG standard neither validates hosts nor
 * decodes them.
 *
 * @param text The URL.
 * @param defaultScheme The scheme of a URL that has none; if undefined, such a URL is an error.
 * @returns The parsed URL.
 * @throws {TypeError} If it is invalid; the message quotes it without actual or possible user info.
 */
export function parseProxyUrl(text: string, defaultScheme?: ProxyScheme): ProxyUrl {
  if (typeof text !== "string") {
    throw new TypeError(`Cannot parse proxy URL: it is ${valueKind(text)}, not a string`);
  }
  const bad = (why: string): TypeError =>
    new TypeError(`Cannot parse proxy URL "${redactProxyUrlText(text)}": ${why}`);
  const [, named, rest] = /^(?:([^:/?#@]*):\/\/)?(.*)$/s.exec(text) as unknown as string[];
  const written = named?.toLowerCase() ?? defaultScheme;
  if (written === undefined) throw bad("missing scheme");
  const unix = written.endsWith("+unix");
  const bare = unix ? written.slice(0, -"+unix".length) : written;
  const scheme = Object.hasOwn(aliases, bare) ? aliases[bare]! : bare;
  if (!isScheme(scheme)) throw bad(`unknown scheme ${quoted(written)}: it must be ${schemeList}`);
  if (rest!.includes("\\")) throw bad("a backslash must be percent-encoded (%5C)");
  // The last "@" ends the user info, as in WHATWG URLs: an unescaped one in a password must not
  // change the host.
  const at = unix && rest!.startsWith("/") ? -1 : rest!.lastIndexOf("@");
  const userInfo = at < 0 ? undefined : rest!.slice(0, at);
  if (userInfo !== undefined && /[/?#\s]/.test(userInfo)) {
    throw bad(`"/", "?", "#" and white space in the user info must be percent-encoded`);
  }
  const place = rest!.slice(at + 1);
  // curl's form of a unix socket.
  const [, path] = /^localhost(\/.+)$/is.exec(scheme.startsWith("socks") ? place : "") ?? [];
  return {
    scheme,
    server: unix || path !== undefined
      ? readPath(path ?? place, bad)
      : readServer(place, scheme, bad),
    ...readUserInfo(scheme, userInfo, bad),
  };
}

/**
 * Formats a proxy URL.
 *
 * @param url The URL in parts.
 * @returns The URL, always with the port; parsing it returns an equal object.
 */
export function formatProxyUrl(url: ProxyUrl): string {
  const { username, password = "" } = url;
  if (username === undefined) return withUserInfo(url, "");
  const secret = password === "" ? "" : `:${encodeURIComponent(password)}`;
  return withUserInfo(url, `${encodeURIComponent(username)}${secret}@`);
}

/**
 * Formats a proxy URL for messages and logs: `socks5h://***@127.0.0.1:1080`.
 *
 * @param url The URL in parts.
 * @returns The URL, the user info replaced with `***`.
 */
export function redactProxyUrl(url: ProxyUrl): string {
  return withUserInfo(url, url.username === undefined ? "" : "***@");
}

/**
 * Redacts text that is not a valid proxy URL, but may contain secrets of one.
 *
 * @param text The text.
 * @returns The text on one line, redacted by {@linkcode redacted}.
 */
export function redactProxyUrlText(text: string): string {
  return redacted(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ").slice(0, 200);
}

const schemeList = `${Object.keys(defaultPorts).join(", ")}, or one of these with "+unix"`;

function isScheme(scheme: string): scheme is ProxyScheme {
  return Object.hasOwn(defaultPorts, scheme);
}

function readServer(
  text: string,
  scheme: ProxyScheme,
  bad: (why: string) => TypeError,
): { host: string; port: number } {
  const [, bracketed, plain, port, tail] =
    /^(?:\[([^\]]*)\]|([^:/?#[\]]*))(?::([^/?#]*))?(.*)$/s.exec(text) ?? [];
  if (tail === undefined || !/^(?:$|[/?#])/.test(tail)) throw bad("the host cannot be read");
  if (tail !== "" && tail !== "/") {
    const unix = `a unix socket is written ${scheme}+unix:///path`;
    throw bad(`a proxy has no path, query or fragment${tail.startsWith("/") ? `; ${unix}` : ""}`);
  }
  if (port !== undefined && !/^[0-9]+$/.test(port)) {
    throw bad(`the port is not a number${port.includes(":") ? " (IPv6 needs brackets)" : ""}`);
  }
  const number = port === undefined ? defaultPorts[scheme] : Number(port);
  if (number < 1 || number > 65535) throw bad("the port is not between 1 and 65535");
  if (bracketed !== undefined) {
    // RFC 6874 writes the "%" of a zone as "%25"; curl and Go accept a bare one, too.
    const host = bracketed.replace(/%25/, "%");
    if (ipFamily(host) !== 6 || !/^[0-9a-f:.]+(?:%[\w.~-]+)?$/i.test(host)) {
      throw bad("what stands in brackets is not an IPv6 address");
    }
    return { host, port: number };
  }
  if (plain === "") throw bad("missing host");
  if (ipFamily(plain!) === 4) return { host: plain!, port: number };
  const host = asciiName(plain!);
  if (host === undefined) throw bad("the host is neither a name nor an IP address");
  return { host, port: number };
}

function readPath(text: string, bad: (why: string) => TypeError): { path: string } {
  if (!text.startsWith("/")) throw bad("a unix socket has no host, only a path: three slashes");
  if (text === "/") throw bad("missing path of the unix socket");
  if (/[?#]/.test(text)) throw bad(`"?" and "#" in a path must be percent-encoded`);
  const path = decoded(text);
  if (path === undefined) throw bad("the path is not valid percent-encoded UTF-8");
  if (path.includes("\0")) throw bad("the path has a NUL");
  return { path };
}

function readUserInfo(
  scheme: ProxyScheme,
  userInfo: string | undefined,
  bad: (why: string) => TypeError,
): { username?: string; password?: string } {
  if (userInfo === undefined || userInfo === "" || userInfo === ":") return {};
  const colon = userInfo.indexOf(":");
  const username = decoded(colon < 0 ? userInfo : userInfo.slice(0, colon));
  const password = colon < 0 ? "" : decoded(userInfo.slice(colon + 1));
  if (username === undefined || password === undefined) {
    throw bad("the user info is not valid percent-encoded UTF-8");
  }
  if (scheme.startsWith("socks4") && password !== "") {
    throw bad("SOCKS4 has a user id and no password");
  }
  return { username, password };
}

function decoded(text: string): string | undefined {
  try {
    // `encodeURIComponent` throws on a lone surrogate, so such text could not be formatted.
    return /\p{Surrogate}/u.test(text) ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function withUserInfo({ scheme, server }: ProxyUrl, userInfo: string): string {
  if ("path" in server) {
    return `${scheme}+unix://${userInfo}${
      server.path.split("/").map(encodeURIComponent).join("/")
    }`;
  }
  const host = server.host.includes(":") ? server.host.replace("%", "%25") : server.host;
  return `${scheme}://${userInfo}${joinHostPort(host, server.port)}`;
}
