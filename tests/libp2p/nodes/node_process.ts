import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Runtime, runtimeBinary } from "../../../scripts/runtimes.ts";

/** A node that listens, in a process of its own. */
export interface NodeProcess {
  /** Where it listens, with its peer id. */
  readonly ma: string;
  stop(): Promise<void>;
}

/** Starts a node that listens on a runtime. */
export function startNode(on: Runtime, transport: "ours" | "theirs"): Promise<NodeProcess> {
  const program = fileURLToPath(new URL("node_program.ts", import.meta.url));
  const flags = on === "deno" ? ["run", "-A", "--no-check"] : [];
  return startListener([runtimeBinary(on), ...flags, program, transport]);
}

/** Starts a program that prints the multiaddr it listens on, and ends with its standard input. */
export async function startListener(command: readonly string[]): Promise<NodeProcess> {
  const child = spawn(command[0]!, command.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
  const exited = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  let output = "";
  const line = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.includes("\n")) resolve(output.slice(0, output.indexOf("\n")));
    });
    child.on("error", reject);
    child.on("exit", () => reject(new Error(`${command.join(" ")} ended at once`)));
  });
  return {
    ma: await line,
    async stop() {
      child.stdin.end();
      // One that is busy to say goodbye is not waited for.
      const timer = setTimeout(() => child.kill("SIGKILL"), 2_000);
      await exited;
      clearTimeout(timer);
    },
  };
}
