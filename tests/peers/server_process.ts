import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A server that nobody here wrote, running in a process group and a directory of its own. */
export interface ServerProcess {
  /** Lets connections hang: the system accepts them, and nobody answers. */
  freeze(): Promise<void>;
  /** Undoes {@linkcode ServerProcess.freeze}. */
  thaw(): void;
  /** Kills it with all that it forked, waits until they are gone, and removes its directory. Idempotent. */
  stop(): Promise<void>;
}

/** What a server needs to start. */
export interface ServerSetup {
  /** The command; it must stay in the foreground, and what it forks in its process group. */
  readonly command: readonly string[];
  /** Where it listens once it is ready: ports of 127.0.0.1 or paths of unix sockets. */
  readonly listens: readonly (number | string)[];
}

/** How long a server may take to listen. */
const startLimitMs = 15_000;

/**
 * Runs the command in a group that dies, its directory with it, when whoever started it is gone, also where that was killed:
 * then the pipe ends which the watcher reads from. The file descriptor 3 is there because a shell gives background commands an empty input.
 */
const guarded = `exec 3<&0; (read _; rm -rf "$0"; kill -9 0) <&3 3<&- & exec "$@" </dev/null 3<&-`;

/**
 * Starts a server and waits until it listens.
 *
 * @param prepare Gets the server's directory, writes there what the server needs, and says how to start it.
 * @returns The server.
 * @throws If it ends, or does not listen in time; the message has the end of its output.
 */
export async function startServer(
  prepare: (directory: string) => ServerSetup | Promise<ServerSetup>,
): Promise<ServerProcess> {
  const directory = mkdtempSync(join(tmpdir(), "anydial-peer-"));
  try {
    const { command, listens } = await prepare(directory);
    const server = new GuardedServer(command, directory);
    try {
      await server.listens(listens);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/** Writes a file for a server and returns its path. */
export function writeServerFile(
  directory: string,
  name: string,
  text: string,
  mode = 0o644,
): string {
  const path = join(directory, name);
  writeFileSync(path, text, { mode });
  return path;
}

/**
 * Finds ports of 127.0.0.1 that nobody listens on. They are below those that the system hands out to connections, so that no
 * dial takes one before the server does.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries > 200) throw new Error("no free port found");
    const port = 15_000 + Math.floor(Math.random() * 17_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

class GuardedServer implements ServerProcess {
  readonly #directory: string;
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #exit: string | undefined;
  #output = "";

  constructor(command: readonly string[], directory: string) {
    this.#directory = directory;
    this.#name = command.join(" ");
    const child = spawn("/bin/sh", ["-c", guarded, directory, ...command], {
      cwd: directory,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child = child;
    const collect = (text: string) => this.#output = (this.#output + text).slice(-4_000);
    child.stdout!.setEncoding("utf8").on("data", collect);
    child.stderr!.setEncoding("utf8").on("data", collect);
    child.on("exit", (code, signal) => this.#exit = `it ended with ${signal ?? code}`);
    child.on("error", (error) => this.#exit = error.message);
    // All that was forked shares the outputs, so "close" comes when the last of them is gone.
    this.#gone = new Promise((resolve) => child.on("close", () => resolve()));
    // A test runner that is done does not wait for a server that nobody stopped.
    this.#hold("unref");
  }

  async listens(places: readonly (number | string)[]): Promise<void> {
    const end = performance.now() + startLimitMs;
    for (const place of places) {
      while (!await accepts(place)) {
        if (this.#exit !== undefined) throw this.#failure(this.#exit);
        if (performance.now() > end) throw this.#failure(`it does not listen on ${place}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }

  async freeze(): Promise<void> {
    this.#signal("SIGSTOP");
    for (let tries = 0; !isStopped(this.#child.pid!); tries++) {
      if (tries > 500) throw this.#failure("it cannot be frozen");
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  thaw(): void {
    this.#signal("SIGCONT");
  }

  async stop(): Promise<void> {
    this.#signal("SIGKILL");
    if (this.#child.pid !== undefined) {
      this.#hold("ref");
      await this.#gone;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #hold(how: "ref" | "unref"): void {
    const { stdin, stdout, stderr } = this.#child;
    for (const one of [this.#child, stdin, stdout, stderr]) {
      (one as Partial<Record<"ref" | "unref", () => void>> | null)?.[how]?.();
    }
  }

  #signal(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
    try {
      process.kill(-this.#child.pid!, signal);
    } catch {
      // The group is gone already.
    }
  }

  #failure(why: string): Error {
    return new Error(`Cannot start ${this.#name}: ${why}\n${this.#output}`);
  }
}

function accepts(place: number | string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = typeof place === "number" ? connect(place, "127.0.0.1") : connect(place);
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** Whether the system has stopped the process: its state follows its name, which is in parentheses. */
function isStopped(pid: number): boolean {
  return /\) [Tt] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}
