import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { runtime } from "../runtime.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Longer than any command here takes; one that hangs is killed, and the test fails. */
const limitMs = 60_000;

/** What a finished command leaves. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

/** A command that runs on the runtime of the tests, in a process of its own. */
export interface CliProcess {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves when it has ended and its output was read. */
  readonly result: Promise<CliResult>;
}

/** Starts `anydial` with these arguments, and maybe with a redirection such as `< /dev/null`, as a shell writes it. */
export function startCli(
  args: readonly string[],
  redirection = "",
  environment: Readonly<Record<string, string>> = {},
): CliProcess {
  const start = runtime === "deno" ? ["run", "-A"] : [];
  const command = [process.execPath, ...start, "src/cli/mod.ts", ...args];
  const child = spawn("/bin/sh", ["-c", `exec "$0" "$@" ${redirection}`, ...command], {
    cwd: root,
    env: { ...process.env, ...environment },
  });
  const stdout: Uint8Array[] = [];
  let stderr = "";
  child.stdout.on("data", (chunk: Uint8Array) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Uint8Array) => stderr += new TextDecoder().decode(chunk));
  // The command may end before it has read all.
  child.stdin.on("error", () => {});
  child.stdout.on("error", () => {});
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const result = new Promise<CliResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stdout: Buffer.concat(stdout), stderr });
    });
  });
  return { child, result };
}

/** Sends SIGINT. With `child.kill` Deno would report the signal in the place of the exit code. */
export function interrupt({ child }: CliProcess): void {
  process.kill(child.pid!, "SIGINT");
}

/** What a finished command without input leaves, as text. */
export interface CliTextResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `anydial` with these arguments, and nothing on its standard input, to its end. */
export function runCli(...args: readonly string[]): Promise<CliTextResult> {
  return runCliWith({}, ...args);
}

/** {@linkcode runCli} with more variables in the environment. */
export async function runCliWith(
  environment: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<CliTextResult> {
  const { child, result } = startCli(args, "", environment);
  child.stdin.end();
  const { code, stdout, stderr } = await result;
  return { code, stdout: new TextDecoder().decode(stdout), stderr };
}

/** A failure is told on one line, without a stack. */
export function assertOneLine(stderr: string, expected: RegExp): void {
  assert.match(stderr, /^anydial: [^\n]+\n$/);
  assert.match(stderr, expected);
}
