/**
 * Runs command lines of `anydial`, one after another in this process. After what each writes come
 * `endMark`, its exit code and a line break. The command lines are the first argument, as JSON.
 */
import { writeSync } from "node:fs";
import process from "node:process";
import { runCli } from "../../src/cli/run_cli.ts";
import { endMark } from "./end_mark.ts";

const lines: string[][] = JSON.parse(process.argv[2]!);
const { stderr } = process;
// Each command listens to it anew.
stderr.setMaxListeners(0);
// Standard output is written by its descriptor, so its order with this stays.
stderr.write = ((data: unknown, done?: () => void) => {
  writeSync(1, String(data));
  done?.();
  return true;
}) as typeof stderr.write;
for (const line of lines) writeSync(1, `${endMark}${await runCli(line)}\n`);
process.exit(0);
