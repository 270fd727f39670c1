import { valueKind } from "../../core/value_kind.ts";
import type { NodeConnectOptions } from "./connect_request.ts";

/** The arguments of one call of `connect`. */
export interface ConnectArgs {
  /** The arguments as the single object of the options form. */
  readonly options: NodeConnectOptions;
  /** The last argument, if it is a function. */
  // Each form of a stream declares the arguments of its own callback.
  // deno-lint-ignore no-explicit-any
  readonly callback: ((...args: any[]) => void) | undefined;
  /** The application protocols to offer, unless the options set them. */
  readonly alpnProtocols: string[] | undefined;
}

/**
 * Reads the arguments of `connect` in all forms of Node's own: `(options)`, `(port, host)`,
 * `(path)`, and `(url, options)` as in `http2.connect`, each with or without a callback at the end.
 *
 * @param args The arguments.
 * @returns The options and the callback.
 * @throws {TypeError} If the arguments have none of these forms. They may be secrets, so the
 *   message has their kinds only.
 */
export function readConnectArgs(args: readonly unknown[]): ConnectArgs {
  const rest = withoutAbsent(args);
  const callback = typeof rest.at(-1) === "function"
    ? rest.pop() as ConnectArgs["callback"]
    : undefined;
  const [first, second, ...more] = withoutAbsent(rest);
  const found = { callback, alpnProtocols: undefined };
  if (more.length === 0) {
    const url = urlOf(first);
    if (url !== undefined && (second === undefined || isObject(second))) {
      // Only `http2.connect` passes options together with a URL.
      const alpnProtocols = second === undefined ? undefined : ["h2"];
      return { ...found, options: { ...second, ...urlOptions(url) }, alpnProtocols };
    }
    if (isPort(first) && (second === undefined || second === null || typeof second === "string")) {
      return { ...found, options: { port: first, host: second } };
    }
    if (second === undefined) {
      const isPath = typeof first === "string" && first !== "";
      if (isPath && url === undefined) return { ...found, options: { socketPath: first } };
      if (isObject(first)) return { ...found, options: first };
    }
  }
  const kinds = args.map(valueKind).join(", ");
  throw new TypeError(
    "connect takes (options), (port, host), (path) or (url, options), and then a callback, " +
      `not (${kinds})`,
  );
}

/** Removes absent arguments at the end, which callers pass on as `undefined` or `null`. */
function withoutAbsent(args: readonly unknown[]): unknown[] {
  let end = args.length;
  while (end > 0 && (args[end - 1] === undefined || args[end - 1] === null)) end--;
  return args.slice(0, end);
}

function isObject(value: unknown): value is NodeConnectOptions {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Accepts numeric text as a port, as Node does, rather than as a path. */
function isPort(value: unknown): value is number | string {
  return typeof value === "number" || typeof value === "string" && /^[0-9]+$/.test(value);
}

function urlOf(value: unknown): URL | undefined {
  if (value instanceof URL) return value;
  if (typeof value !== "string" || !/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return undefined;
  if (URL.canParse(value)) return new URL(value);
  throw new TypeError("Cannot connect to a URL that cannot be read");
}

/** The supported schemes with the port of a URL that has none. */
const defaultPorts: Readonly<Record<string, number | undefined>> = {
  ...{ "http:": 80, "ws:": 80, "https:": 443, "wss:": 443, "tcp:": undefined, "tls:": undefined },
};

function urlOptions({ protocol, hostname, port }: URL): NodeConnectOptions {
  // An unknown scheme may imply TLS, so it must not be dialed without TLS.
  if (!Object.hasOwn(defaultPorts, protocol)) {
    const schemes = Object.keys(defaultPorts).map((scheme) => `${scheme}//`).join(", ");
    throw new TypeError(`Cannot connect to a URL of this scheme: it can be ${schemes}`);
  }
  const number = port === "" ? defaultPorts[protocol] : Number(port);
  if (number === undefined) throw new TypeError(`A URL with ${protocol}// needs a port`);
  if (hostname === "") throw new TypeError(`A URL with ${protocol}// needs a host`);
  return { protocol, hostname, port: number };
}
