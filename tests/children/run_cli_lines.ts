/**
 * Runs command lines of `anydial`, one after another in this process, and writes what each of them
 * exits with and shows, as JSON. The command lines are the first argument, as JSON as well.
 */
import process from "node:process";
import { runCli } from "../../src/cli/run_cli.ts";

const lines: string[][] = JSON.parse(process.argv[2]!);
const streams = [process.stdout, process.stderr];
// Each command listens to them anew.
for (const stream of streams) stream.setMaxListeners(0);
const results: { code: number; shown: string }[] = [];
for (const line of lines) {
  let shown = "";
  const write = (data: unknown, done?: () => void) => {
    shown += data;
    done?.();
    return true;
  };
  const writes = streams.map((stream) => stream.write);
  for (const stream of streams) stream.write = write as typeof stream.write;
  const code = await runCli(line);
  streams.forEach((stream, index) => stream.write = writes[index]!);
  results.push({ code, shown });
}
process.stdout.write(JSON.stringify(results), () => process.exit(0));
