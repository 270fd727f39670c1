import { type DialError, isDialError } from "../../core/dial_error.ts";
import { type ContextDialer, type DialOptions, requireDialer } from "../../core/dialer.ts";
import { milliseconds, oneOf, readOptions, text, unchecked } from "../../core/options.ts";
import { makeDialer } from "../../dial/compose_dialer.ts";
import { LoginCodec } from "../socks/login_codec.ts";
import type { ProxyConfig } from "../dial/proxy_config.ts";
import { alteredProxyDialer, looksNamesUp } from "../dial/proxy_context_dialer.ts";
import { PhaseTimes, type ProxyCheckLevel, timedNegotiations } from "./phase_times.ts";
import { proxyDialTarget } from "../dial/proxy_dial_target.ts";
import { ProxyRefusedError } from "../handshake/proxy_refused_error.ts";

/** Options of {@linkcode checkProxy}. */
export interface ProxyCheckOptions extends Pick<DialOptions, "signal" | "onEvent"> {
  /**
   * How far to go.
   *
   * - `"tcp"`: a connection to the proxy, through those before it; for an `https` proxy TLS as
   *   well.
   * - `"handshake"`: the proxy speaks its protocol and accepts the credentials. SOCKS4 and HTTP
   *   CONNECT consist of the request alone, so `target` is requested; an unreachable target does
   *   not fail the check. A SOCKS5 proxy gets no request, unless it accepted credentials that it
   *   does not require: some proxies check them at the request (3proxy). Two kinds of proxy need a
   *   reachable target, or the check proves only the connection: a proxy that closes the connection
   *   instead of reporting an unreachable target (`ssh -D`, proxy-chain), and a SOCKS5 proxy that
   *   checks the credentials at the request and replies "not allowed".
   * - `"tunnel"`: a tunnel to `target`, closed as soon as it is open.
   */
  level: ProxyCheckLevel;
  /**
   * The target as `host:port`. Required for `"tunnel"`.
   *
   * @default {"anydial-check.invalid:443"} A name that never resolves (RFC 6761 §6.4). With local
   *   resolution it is `127.0.0.1:9`, a port of the proxy's own machine that has no listener.
   */
  target?: string;
  /**
   * Milliseconds for the whole check.
   *
   * @default {10000}
   */
  timeoutMs?: number;
}

/** Result of a check. */
export interface ProxyCheck {
  /** Whether the requested level works. */
  readonly ok: boolean;
  /** The requested level. */
  readonly level: ProxyCheckLevel;
  /**
   * The highest level that works; absent if the connection failed. It is `"tcp"` if a SOCKS5 proxy
   * replies "not allowed" without having required credentials: the reply may refer to wrong or
   * missing credentials.
   */
  readonly works?: ProxyCheckLevel;
  /** Duration of the whole check in milliseconds. */
  readonly durationMs: number;
  /**
   * Duration of the first connection to the proxy in milliseconds, including earlier proxies and
   * TLS; absent if there was none.
   */
  readonly tcpMs?: number;
  /**
   * Duration of greeting and credentials in milliseconds, including a pipelined attempt that the
   * proxy did not support; absent if they failed, or if the protocol consists of the request alone.
   */
  readonly handshakeMs?: number;
  /** Duration of the request in milliseconds, up to the proxy's reply; absent if there was none. */
  readonly tunnelMs?: number;
  /**
   * Which side is at fault; absent on success, if neither side is, or if it is unknown. A proxy
   * that closes the connection instead of answering the request may do so because of either side,
   * and "not allowed" may refer to the credentials.
   */
  readonly blame?: "proxy" | "target";
  /** The failure; in a chain its `hop` names the proxy. Absent on success. */
  readonly error?: DialError;
}

/** RFC 1928 §6. */
const NOT_ALLOWED = 0x02;

const checkLevel = oneOf("tcp", "handshake", "tunnel");

/**
 * Checks a proxy. A failing proxy is a result, not an exception.
 *
 * @example
 * const dialer = proxyDialer("socks5h://127.0.0.1:9050");
 * const options = { level: "tunnel", target: "peer.example:4001" } as const;
 * const { ok, blame, error } = await checkProxy(dialer, options);
 *
 * @param dialer The dialer of a proxy, such as `proxyDialer` returns. Any other dialer supports the
 *   level `"tunnel"` only.
 * @param options The level and its limits.
 * @returns What works, the durations, and which side is at fault.
 * @throws {TypeError | RangeError} If an option is invalid, or the dialer does not support the
 *   level.
 * @throws `options.signal.reason`, as it is, if the signal aborts.
 */
export async function checkProxy(
  dialer: ContextDialer,
  options: ProxyCheckOptions,
): Promise<ProxyCheck> {
  requireDialer(dialer, "check");
  const read = readOptions<ProxyCheckOptions>("checkProxy", options, {
    level: checkLevel,
    target: text,
    timeoutMs: milliseconds(),
    // Validated by the dial.
    signal: unchecked,
    onEvent: unchecked,
  });
  const level = checkLevel(read.level, "level");
  const { timeoutMs = 10_000, signal, onEvent } = read;
  if (level === "tunnel" && read.target === undefined) {
    throw new TypeError(`target is missing, which level "tunnel" needs`);
  }
  const target = read.target ??
    (looksNamesUp(dialer) ? "127.0.0.1:9" : "anydial-check.invalid:443");
  const asked = proxyDialTarget("tcp", target);
  if ("reason" in asked) throw new TypeError(`target is unusable: ${asked.reason}`);
  const times = new PhaseTimes();
  const checked = alteredProxyDialer(dialer, (proxy) => ({
    ...proxy,
    timeoutMs: undefined,
    connectOnly: level === "tcp",
    handshake: timedNegotiations(proxy, level === "handshake", times),
  }));
  if (checked === undefined && level !== "tunnel") {
    throw new TypeError(
      `level "${level}" is for proxies; of another dialer only "tunnel" can be checked`,
    );
  }
  const begin = performance.now();
  /** Dials within the remaining time. */
  const tryDial = (through: ContextDialer, target: string, onEvent?: DialOptions["onEvent"]) => {
    const leftMs = Math.max(1, Math.ceil(begin + timeoutMs - performance.now()));
    const limited = makeDialer({
      ...{ name: "check", over: through },
      run(dial) {
        dial.limit(leftMs);
        return dial.pass(through);
      },
    });
    return failureOf(limited, target, { signal, onEvent });
  };
  let error = await tryDial(checked ?? dialer, target, onEvent);
  if (level === "tcp" && error === undefined) times.connected = performance.now();
  const unproven = level === "handshake" && error === undefined && times.tookCredentials;
  let unclear = false;
  if (unproven || isNotAllowed(error)) {
    const open = !times.tookCredentials || await acceptsNoCredentials(dialer, tryDial);
    // The proxy accepts any credentials, so only the reply to the request proves them.
    if (open && unproven) error = await tryDial(alteredProxyDialer(dialer, unlimited)!, target);
    unclear = open && isNotAllowed(error);
    if (open && error !== undefined) times.loggedIn = undefined;
  }
  if (signal?.aborted) throw signal.reason;
  return {
    level,
    durationMs: performance.now() - begin,
    ...(unclear ? { ok: false, works: "tcp", error } : verdict(level, times, error)),
    ...times.phases(begin, level),
  };
}

/** Whether a SOCKS5 proxy requires no credentials; then accepting some proves nothing. */
async function acceptsNoCredentials(
  dialer: ContextDialer,
  tryDial: (through: ContextDialer, target: string) => Promise<DialError | undefined>,
): Promise<boolean> {
  const greeting = alteredProxyDialer(dialer, (proxy) => ({
    ...unlimited(proxy),
    handshake: () => ({ begin: () => new LoginCodec({}) }),
  }))!;
  // The target is never sent.
  return await tryDial(greeting, "127.0.0.1:9") === undefined;
}

function unlimited(proxy: ProxyConfig): ProxyConfig {
  return { ...proxy, timeoutMs: undefined };
}

/** Whether a SOCKS5 proxy replied "not allowed", as some do for a wrong or missing password. */
function isNotAllowed(error: DialError | undefined): boolean {
  const reply = error?.cause instanceof ProxyRefusedError ? error.cause.reply : undefined;
  return reply?.protocol === "socks5" && reply.code === NOT_ALLOWED;
}

function verdict(
  level: ProxyCheckLevel,
  times: PhaseTimes,
  error: DialError | undefined,
): Pick<ProxyCheck, "ok" | "works" | "blame" | "error"> {
  if (error === undefined) return { ok: true, works: level };
  // Below "tunnel" the target does not matter, so a timeout is the proxy's fault. The reason for a
  // closed connection stays unknown.
  const blame = level === "tunnel" ? error.blame : error.blame && "proxy";
  // A proxy that reports its target as unreachable passes the level "handshake".
  const works = error.blame === "target" && error.cause instanceof ProxyRefusedError ||
      times.loggedIn !== undefined
    ? "handshake"
    : times.connected !== undefined
    ? "tcp"
    : undefined;
  if (level === "handshake" && works === "handshake") return { ok: true, works };
  return {
    ok: false,
    ...(works !== undefined && { works }),
    ...(blame !== undefined && { blame }),
    error,
  };
}

/** Dials, and resets the connection at once. */
async function failureOf(
  dialer: ContextDialer,
  target: string,
  options: DialOptions,
): Promise<DialError | undefined> {
  try {
    (await dialer.dialContext("tcp", target, options)).reset();
  } catch (thrown) {
    if (isDialError(thrown)) return thrown;
    throw thrown;
  }
}
