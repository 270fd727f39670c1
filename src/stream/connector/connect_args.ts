import { valueKind } from "../../core/value_kind.ts";
import type { NodeConnectOptions } from "./connect_request.ts";

/** What one call of `connect` asks for. */
export interface ConnectArgs {
  /** As in the form that takes nothing else. */
  readonly options: NodeConnectOptions;
  /** What came last, if it was a function. */
  // What it is given is for each form of a stream to say.
  // deno-lint-ignore no-explicit-any
  readonly callback: ((...args: any[]) => void) | undefined;
  /** The application protocols to offer unless the options say so. */
  readonly alpnProtocols: string[] | undefined;
}

/**
 * Reads the arguments of `connect` in all forms that Node's own take: `(options)`, `(port, host)`,
 * `(path)`, and `(url, options)` as of `http2.connect`, each with a callback at the end or without.
 *
 * @param args The arguments.
 * @returns What they ask for.
 * @throws {TypeError} If they are of no such form. What was given may be a secret, and is not quoted.
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
      // `http2.connect` is who gives options with a URL.
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

/** Callers hand on what they were not given. */
function withoutAbsent(args: readonly unknown[]): unknown[] {
  let end = args.length;
  while (end > 0 && (args[end - 1] === undefined || args[end - 1] === null)) end--;
  return args.slice(0, end);
}

function isObject(value: unknown): value is NodeConnectOptions {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Node takes a number in a text for a port as well, rather than for a path. */
function isPort(value: unknown): value is number | string {
  return typeof value === "number" || typeof value === "string" && /^[0-9]+$/.test(value);
}

function urlOf(value: unknown): URL | undefined {
  if (value instanceof URL) return value;
  if (typeof value !== "string" || !/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return undefined;
  if (URL.canParse(value)) return new URL(value);
  throw new TypeError("Cannot connect to a URL that cannot be read");
}

/** The ports of schemes that have one, where a URL does not say it. */
const defaultPorts: Readonly<Record<string, number | undefined>> = {
  ...{ "http:": 80, "ws:": 80, "https:": 443, "wss:": 443, "tcp:": undefined, "tls:": undefined },
};

function urlOptions({ protocol, hostname, port }: URL): NodeConnectOptions {
  // A scheme that asks for TLS in its own way must not be dialed without.
  if (!Object.hasOwn(defaultPorts, protocol)) {
    const schemes = Object.keys(defaultPorts).map((scheme) => `${scheme}//`).join(", ");
    throw new TypeError(`Cannot connect to a URL of this scheme: it can be ${schemes}`);
  }
  const number = port === "" ? defaultPorts[protocol] : Number(port);
  if (number === undefined) throw new TypeError(`A URL with ${protocol}// needs a port`);
  if (hostname === "") throw new TypeError(`A URL with ${protocol}// needs a host`);
  return { protocol, hostname, port: number };
}
