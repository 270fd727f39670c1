import { fileURLToPath } from "node:url";
import { runtime } from "../runtime.ts";

/** The command that runs a script of this folder on the runtime that the tests run on. */
export function childCommand(script: string, ...args: string[]): string[] {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : [];
  return [process.execPath, ...flags, file, ...args];
}
