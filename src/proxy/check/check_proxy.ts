import { type DialError, isDialError } from "../../core/dial_error.ts";
import type { ContextDialer, DialOptions } from "../../core/dialer.ts";
import { requireDialer } from "../../core/is_dialer.ts";
import { milliseconds, oneOf, readOptions, text, unchecked } from "../../core/options.ts";
import { makeDialer } from "../../dial/compose_dialer.ts";
import { LoginCodec } from "../socks/login_codec.ts";
import type { ProxyConfig } from "../dial/proxy_config.ts";
import { alteredProxyDialer, looksNamesUp } from "../dial/proxy_context_dialer.ts";
import { PhaseTimes, type ProxyCheckLevel, timedNegotiations } from "./phase_times.ts";
import { proxyDialTarget } from "../dial/proxy_dial_target.ts";
import { ProxyRefusedError } from "../handshake/proxy_refused_error.ts";

/** What {@linkcode checkProxy} looks at. */
export interface ProxyCheckOptions extends Pick<DialOptions, "signal" | "onEvent"> {
  /**
   * How far to go.
   *
   * - `"tcp"`: a connection to the proxy, through those before it; for an `https` proxy TLS as
   *   well.
   * - `"handshake"`: the proxy speaks its protocol and takes the credentials. SOCKS4 and HTTP
   *   CONNECT have nothing but the request, so `target` is asked for, and that it cannot be reached
   *   does not matter. SOCKS5 is asked for no target, except where it accepted credentials that it
   *   does not require: some check them at the request (3proxy). Of a proxy that hangs up on the
   *   target instead of answering (`ssh -D`, proxy-chain), and of a SOCKS5 proxy that checks
   *   credentials at the request and answers that it is not allowed, nothing is known but that it
   *   can be connected to: name a target that can be reached.
   * - `"tunnel"`: a tunnel to `target`, which is closed at once.
   */
  level: ProxyCheckLevel;
  /**
   * The target as `host:port`. A `"tunnel"` needs one.
   *
   * @default {"anydial-check.invalid:443"} A name that nobody can have (RFC 6761 §6.4); where names
   *   are looked up here a port that nobody listens on, the proxy's own `127.0.0.1:9`.
   */
  target?: string;
  /**
   * Milliseconds for the whole check.
   *
   * @default {10000}
   */
  timeoutMs?: number;
}

/** What a check found. */
export interface ProxyCheck {
  /** Whether the level asked for works. */
  readonly ok: boolean;
  /** The level asked for. */
  readonly level: ProxyCheckLevel;
  /**
   * How far it works; absent where not even a connection could be made. `"tcp"` where a SOCKS5
   * proxy answers the request with "not allowed" and required no credentials before: it may mean
   * the credentials, or that there are none.
   */
  readonly works?: ProxyCheckLevel;
  /** How long the whole check took, in milliseconds. */
  readonly durationMs: number;
  /**
   * How long the first connection to the proxy took, the proxies before and TLS included; absent if
   * there was none.
   */
  readonly tcpMs?: number;
  /**
   * How long greeting and credentials took, with a flight that the proxy did not take; absent if
   * they failed, or where the protocol has only the request.
   */
  readonly handshakeMs?: number;
  /**
   * How long the request took, from asking for the target to the proxy's answer; absent if there
   * was none.
   */
  readonly tunnelMs?: number;
  /**
   * Which side is at fault; absent where all is well, where it is neither, or where it cannot be
   * told: a proxy that hangs up instead of answering the request may do so for either, and "not
   * allowed" may be about the credentials.
   */
  readonly blame?: "proxy" | "target";
  /**
   * What went wrong; its `hop` names the proxy, should there be several. Absent where all is well.
   */
  readonly error?: DialError;
}

/** RFC 1928 §6. */
const NOT_ALLOWED = 0x02;

const checkLevel = oneOf("tcp", "handshake", "tunnel");

/**
 * Checks a proxy. A proxy that does not work is a result, not an exception.
 *
 * @example
 * const dialer = proxyDialer("socks5h://127.0.0.1:9050");
 * const options = { level: "tunnel", target: "peer.example:4001" } as const;
 * const { ok, blame, error } = await checkProxy(dialer, options);
 *
 * @param dialer The proxy, as `proxyDialer` and the like make it. Of another dialer only the level
 *   `"tunnel"` can be checked.
 * @param options How far to go.
 * @returns What works, how long it took, and who is to blame.
 * @throws {TypeError | RangeError} If an option is unusable, or the level is one that this dialer
 *   has not.
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
    // Checked with the options of the dial.
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
  /** Dials within what is left of the time. */
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
    // Only the answer to the request counts, where the proxy accepts anything up to there.
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

/** Whether a SOCKS5 proxy goes on without credentials, so that its answer to some says nothing. */
async function acceptsNoCredentials(
  dialer: ContextDialer,
  tryDial: (through: ContextDialer, target: string) => Promise<DialError | undefined>,
): Promise<boolean> {
  const greeting = alteredProxyDialer(dialer, (proxy) => ({
    ...unlimited(proxy),
    handshake: () => ({ begin: () => new LoginCodec({}) }),
  }))!;
  // The target is not asked for.
  return await tryDial(greeting, "127.0.0.1:9") === undefined;
}

function unlimited(proxy: ProxyConfig): ProxyConfig {
  return { ...proxy, timeoutMs: undefined };
}

/**
 * Whether a SOCKS5 proxy answered "not allowed", as some do where the password is wrong or missing.
 */
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
  // Where the target does not matter, the proxy's silence is its own. Why it hung up remains
  // unknown.
  const blame = level === "tunnel" ? error.blame : error.blame && "proxy";
  // That a proxy reports its target down is all that a check up to the handshake asks of it.
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

/** Dials, and frees the connection at once. */
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
