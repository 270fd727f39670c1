import { redacted } from "../../core/redact.ts";
import { escapeControls } from "../../observe/escape_controls.ts";
import { checkProxy, type ProxyCheck } from "../../proxy/check/check_proxy.ts";
import type { ProxyCheckLevel } from "../../proxy/check/phase_times.ts";
import { hungUp } from "../../proxy/dial/proxy_unreachable.ts";
import type { Command, CommandInput } from "../command.ts";
import { dialOptions, readDialSetup, readHandshake } from "../dial_options.ts";
import { roundTimes } from "../round_times.ts";
import { writeOutput } from "../standard_streams.ts";
import { UsageError } from "../usage_error.ts";
import { readProxies } from "../via_option.ts";
import { warmUp } from "../warm_up.ts";

/** `anydial check`. */
export const checkCommand: Command = {
  name: "check",
  summary: "check the proxy PROXY and print what works",
  argument: "PROXY",
  description: [
    "PROXY is a URL: socks5h://alice:secret@127.0.0.1:1080, http://proxy.example,",
    "socks5h+unix:///run/tor/socks; or @FILE, a file of URLs, one a line. Shows how",
    "far it works, how long each phase took, and whether the proxy or the target is",
    "to blame, if that is known. The exit code is 0 if it works.",
  ],
  options: {
    level: {
      type: "string",
      short: "l",
      value: "LEVEL",
      help: "tcp: a connection to the proxy; handshake: its\n" +
        "protocol and the credentials; tunnel: a tunnel\n" +
        "to --target (default: tunnel with --target,\n" +
        "else handshake)",
    },
    target: { type: "string", value: "HOST:PORT", help: "What to ask the proxy for" },
    ...dialOptions,
    timeout: {
      ...dialOptions["timeout"]!,
      help: "Give up after this time: 500 (ms), 500ms, 5s, 2m\n(default: 10s)",
    },
    json: { type: "boolean", help: "Print one JSON object, for machines" },
  },
  examples: [
    ["anydial check socks5h://127.0.0.1:9050", "does Tor answer?"],
    [
      "anydial check --target peer.example:4001 http://proxy.example:3128",
      "does it let me through?",
    ],
  ],
  async run(input) {
    const { dialer: via, timeoutMs = 10_000 } = readDialSetup(input);
    if (input.argument === "env") throw new UsageError("PROXY must be a URL or @FILE, not env");
    const proxy = readProxies([input.argument], via, readHandshake(input));
    const target = input.one("target");
    const level = readLevel(input, target);
    if (level === "tunnel" && target === undefined) {
      throw new UsageError("--level tunnel needs --target HOST:PORT");
    }
    await warmUp();
    const check = await checkNow(input, () => {
      return checkProxy(proxy, {
        level,
        timeoutMs,
        signal: input.signal,
        ...(target !== undefined && { target }),
      });
    });
    if (check === undefined) return 130;
    await writeOutput(
      input.has("json") ? `${json(String(proxy), check)}\n` : text(String(proxy), check),
    );
    return check.ok ? 0 : 1;
  },
};

/** Runs the check; returns `undefined` if the user interrupts. */
async function checkNow(
  input: CommandInput,
  run: () => Promise<ProxyCheck>,
): Promise<ProxyCheck | undefined> {
  try {
    return await run();
  } catch (error) {
    if (input.signal.aborted) return undefined;
    if (!(error instanceof TypeError)) throw error;
    // The message names the option of `checkProxy`, which is a repeatable option of the command
    // here.
    const message = error.message.replace(
      /^target\b/,
      () => `--target "${redacted(input.one("target")!)}"`,
    );
    throw new UsageError(message, { cause: error });
  }
}

function readLevel(input: CommandInput, target: string | undefined): ProxyCheckLevel {
  const level = input.one("level") ?? (target === undefined ? "handshake" : "tunnel");
  if (level === "tcp" || level === "handshake" || level === "tunnel") return level;
  throw new UsageError("--level must be tcp, handshake or tunnel");
}

function json(proxy: string, { error, ...check }: ProxyCheck): string {
  const failure = error && {
    error: { code: error.code, message: error.message, phase: error.phase, hop: error.hop },
  };
  return JSON.stringify({ proxy, ...check, ...failure }, roundTimes);
}

function text(proxy: string, check: ProxyCheck): string {
  const { ok, level, works, blame, error } = check;
  const far = works === undefined
    ? "not even a connection could be made"
    : `works as far as: ${works}`;
  const phases =
    ([["tcp", check.tcpMs], ["handshake", check.handshakeMs], ["tunnel", check.tunnelMs]] as const)
      .filter(([, ms]) => ms !== undefined)
      .map(([phase, ms]) => `  ${phase.padEnd(9)} ${ms!.toFixed(1).padStart(8)} ms`);
  return [
    ok ? `${proxy}: works (${level})` : `${proxy}: does not work (${level}); ${far}`,
    ...phases,
    ...(error === undefined ? [] : [`  ${escapeControls(error.message)}`]),
    ...(blame !== undefined
      ? [`  to blame: the ${blame}`]
      : error?.code === "ERR_PROXY_TARGET_NOT_ALLOWED"
      ? ["  to blame: the credentials or the proxy's rules, it does not say which"]
      : error !== undefined && hungUp(error)
      ? ["  to blame: the proxy or the target, it does not say which"]
      : []),
    "",
  ].join("\n");
}
