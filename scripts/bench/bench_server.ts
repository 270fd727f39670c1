import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Runs `work` with the port of the server in `server.c`, which a C compiler makes first. */
export async function withBenchServer(work: (port: number) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "anydial-bench-"));
  try {
    const binary = join(folder, "server");
    compile(fileURLToPath(new URL("server.c", import.meta.url)), binary);
    const server = spawn(binary, { stdio: ["pipe", "pipe", "inherit"] });
    const exit = once(server, "exit");
    try {
      const [line] = await once(server.stdout, "data");
      await work(Number(line));
    } finally {
      server.stdin.end();
      await exit;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compile(source: string, binary: string): void {
  try {
    execFileSync("cc", ["-O2", "-pthread", "-o", binary, source], { stdio: "inherit" });
  } catch (cause) {
    throw new Error("The benchmark's server needs a C compiler: apt-get install gcc libc6-dev", {
      cause,
    });
  }
}
