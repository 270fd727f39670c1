import { spawn } from "node:child_process";

/** How to run a command. */
export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** The command and all that it started are killed after this long. */
  limitMs: number;
  /** `"show"` lets the output through, `"collect"` returns it. */
  output: "show" | "collect";
}

/** What became of a command. */
export interface RunResult {
  /** The exit code; 128 + the signal's number where a signal ended it, as a shell reports it. */
  code: number;
  /** Whether it was killed for taking longer than its limit. */
  timedOut: boolean;
  /** What it wrote to both outputs, when collected. */
  output: string;
  ms: number;
}

const running = new Set<number>();

/** Runs a command in a process group of its own, so that nothing it starts can outlive it. */
export function runProcess(command: readonly string[], options: RunOptions): Promise<RunResult> {
  const start = performance.now();
  const piped = options.output === "collect" ? "pipe" : "inherit";
  const child = spawn(command[0]!, command.slice(1), {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", piped, piped],
    detached: true,
  });
  const group = child.pid;
  if (group !== undefined) running.add(group);

  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => output += text);
  child.stderr?.setEncoding("utf8").on("data", (text: string) => output += text);

  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    if (group !== undefined) killGroup(group);
  }, options.limitMs);

  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    // A leftover that inherited the output would hold back "close", so the group is killed on
    // "exit".
    child.on("exit", () => {
      if (group !== undefined) killGroup(group);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (group !== undefined) running.delete(group);
      const ms = performance.now() - start;
      resolve({ code: code ?? (signal === "SIGKILL" ? 137 : 143), timedOut, output, ms });
    });
  });
}

/** Makes an interrupted script take the commands it is running with it. */
export function killGroupsOnSignal(): void {
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    process.on(signal, () => {
      for (const group of running) killGroup(group);
      process.exit(code);
    });
  }
}

function killGroup(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}
